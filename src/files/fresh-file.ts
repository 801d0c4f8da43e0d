import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

const CHECK_INTERVAL_MS = 1000;

/** A file whose content is kept, and read again when the file has changed. */
export interface FreshFile {
  /**
   * The content, compared with the file at most once a second. Where a changed file cannot be read
   * or is not accepted, the last good content stays.
   */
  content(): Promise<Buffer>;
  /** The same, without looking at the file. */
  lastContent(): Buffer;
}

export interface FreshFileOptions {
  /** Throws where the content is not as it must be, e.g. still empty. */
  readonly accept: (content: Buffer) => void;
  /** Told why the last good content is still used: once, until the file is well again. */
  readonly onStale: (problem: string) => void;
  /** A clock in milliseconds. */
  readonly now?: () => number;
}

/**
 * Reads a file for the first time.
 *
 * @throws Error naming the path, with what reading or `accept` said
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
    // Asked before reading: a change in between is then seen at the next check.
    const identity = identify(statSync(path));
    const content = readFileSync(path);
    accept(content);
    return { identity, content };
  } catch (error) {
    throw new Error(problemWith(path, error));
  }
}

/** Differs when the file was written to, or replaced by another, as Kubernetes does with volumes. */
function identify({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(':');
}

function problemWith(path: string, error: unknown): string {
  return `cannot use ${path}: ${error instanceof Error ? error.message : 'unknown error'}`;
}
