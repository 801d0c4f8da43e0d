import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

const CHECK_INTERVAL_MS = 1000;

/** A file whose content is cached, and read again when the file changes. */
export interface FreshFile {
  /**
   * The content. The file is checked for changes at most once a second. If a changed file cannot be read or is
   * not accepted, the last valid content is used.
   */
  content(): Promise<Buffer>;
  /** The cached content. */
  lastContent(): Buffer;
}

export interface FreshFileOptions {
  /** Throws if the content is invalid, e.g. still empty. */
  readonly accept: (content: Buffer) => void;
  /** Called with the reason why the last valid content is still used: once, until the file is valid again. */
  readonly onStale: (problem: string) => void;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

/**
 * Reads a file for the first time.
 *
 * @throws Error with the path and the message of the read or of `accept`
 */
export function freshFile(path: string, options: FreshFileOptions): FreshFile {
  const now = options.now ?? (() => performance.now());
  let { identity, content } = readFirst(path, options.accept);
  let checkedAt = now();
  let isStale = false;
  let check: Promise<void> | undefined;

  async function readIfChanged(): Promise<void> {
    try {
      const found = identify(await stat(path));
      if (found !== identity) {
        const changed = await readFile(path);
        options.accept(changed);
        content = changed;
        identity = found;
      }
      isStale = false;
    } catch (error) {
      if (!isStale) {
        options.onStale(problemWith(path, error));
      }
      isStale = true;
    }
  }

  async function checkNow(): Promise<void> {
    await readIfChanged();
    checkedAt = now();
    check = undefined;
  }

  return {
    content: async () => {
      if (now() - checkedAt >= CHECK_INTERVAL_MS) {
        check ??= checkNow();
        await check;
      }
      return content;
    },
    lastContent: () => content,
  };
}

function readFirst(
  path: string,
  accept: FreshFileOptions['accept'],
): { identity: string; content: Buffer } {
  try {
    // Before the read, so that the next check detects a change in between.
    const identity = identify(statSync(path));
    const content = readFileSync(path);
    accept(content);
    return { identity, content };
  } catch (error) {
    throw new Error(problemWith(path, error));
  }
}

/** Changes when the file is written or replaced, as in Kubernetes volumes. */
function identify({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

function problemWith(path: string, error: unknown): string {
  return `cannot use ${path}: ${error instanceof Error ? error.message : 'unknown error'}`;
}
