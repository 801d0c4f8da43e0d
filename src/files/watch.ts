import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_FILE_BYTES, readBounded } from './bounded-read.ts';
import { placesOf } from './watched-places.ts';

export interface FileWatch {
  /** Reads the file now and calls `onChange` even if the content has not changed (SIGHUP). */
  trigger(): void;
  /** Ends the watch. No callback is called afterwards. */
  close(): void;
}

export interface WatchOptions {
  /**
   * The content in use. If the file differs, this is a change. Default: the content of the file at the start.
   */
  readonly known?: Uint8Array;
  /** How long the file must be unchanged before it is read, in milliseconds, since it may be incomplete. */
  readonly quiet?: number;
  /** The polling interval in milliseconds, since events can be lost. 0: no polling. */
  readonly poll?: number;
  /**
   * Called if the file cannot be read or watched in two consecutive checks (a file that is being replaced may be
   * missing for a moment), or in a check after {@link FileWatch.trigger}. It is called again only for another
   * problem, or after a successful read. Any content after an unreadable file is a change.
   */
  readonly onProblem?: (error: Error, of: WatchStep) => void;
}

export type WatchStep = 'watching' | 'reading';

interface WatchProblem {
  readonly of: WatchStep;
  readonly error: Error;
}

/** The maximum delay of a read while the file keeps changing, in multiples of `quiet`. */
const LONGEST_DELAY = 10;

/** A watched directory. */
interface WatchedDirectory {
  readonly watcher: FSWatcher;
  /** Distinguishes directories that are created with the same name. */
  readonly identity: string;
  names: ReadonlySet<string>;
}

/**
 * Watches a file for new content: written in place, replaced by a rename, removed and created again, or changed
 * by a symbolic link anywhere on its path, as kubelet does in volumes of ConfigMaps and Secrets. Does not keep
 * the process running.
 *
 * @param onChange called with the new content; must not throw
 */
export function watchFile(
  path: string,
  onChange: (content: Buffer) => void,
  options: WatchOptions = {},
): FileWatch {
  const { quiet = 100, poll = 30_000 } = options;
  const directories = new Map<string, WatchedDirectory>();
  let knownDigest = options.known && digestOf(options.known);
  let isFirstCheck = true;
  let failures = 0;
  let reportedProblem: string | undefined;
  let closed = false;
  let checking = false;
  let checkAgain = false;
  let forced = false;
  let delay: { timer: NodeJS.Timeout; readonly since: number } | undefined;

  /** Checks the file after a time without changes, with a maximum delay. */
  function checkSoon(): void {
    if (closed) return;
    const now = performance.now();
    const since = delay?.since ?? now;
    clearTimeout(delay?.timer);
    const wait = Math.max(0, Math.min(quiet, since + quiet * LONGEST_DELAY - now));
    const timer = setTimeout(() => {
      delay = undefined;
      check();
    }, wait);
    timer.unref();
    delay = { timer, since };
  }

  /** Checks the file now or, during a check, again after it. */
  function check(): void {
    if (closed) return;
    checkAgain = true;
    if (!checking) void checkWhileRequested();
  }

  async function checkWhileRequested(): Promise<void> {
    checking = true;
    while (checkAgain && !closed) {
      checkAgain = false;
      const isForced = forced;
      const watching = await problemOf('watching', followPlaces);
      const reading = await problemOf('reading', compare);
      reportProblem(reading ?? watching, isForced);
      isFirstCheck = false;
    }
    checking = false;
  }

  /** Called before the file is read, so that no change is missed. */
  async function followPlaces(): Promise<void> {
    const places = await placesOf(path);
    for (const [directory, watched] of directories) {
      if (!places.has(directory)) stopWatching(directory, watched);
    }
    for (const [directory, names] of places) await watchDirectory(directory, names);
  }

  async function watchDirectory(directory: string, names: ReadonlySet<string>): Promise<void> {
    const { dev, ino } = await stat(directory);
    const identity = `${dev}:${ino}`;
    const watched = directories.get(directory);
    if (watched?.identity === identity) {
      watched.names = names;
      return;
    }
    if (watched !== undefined) stopWatching(directory, watched);
    if (closed) return;
    const watcher = watch(directory, { persistent: false });
    const entry: WatchedDirectory = { watcher, identity, names };
    watcher.on('change', (_event, name) => {
      const changed = name?.toString();
      const concerns =
        changed === undefined || entry.names.has(changed) || changed === basename(directory);
      if (concerns) checkSoon();
    });
    // The next check replaces a failed watch.
    watcher.on('error', () => stopWatching(directory, entry));
    directories.set(directory, entry);
  }

  function stopWatching(directory: string, watched: WatchedDirectory): void {
    watched.watcher.close();
    if (directories.get(directory) === watched) directories.delete(directory);
  }

  async function compare(): Promise<void> {
    const wasForced = forced;
    forced = false;
    const before = await stateOf(path);
    const content = await readBounded(path, MAX_FILE_BYTES);
    if (closed) return;
    if ((await stateOf(path)) !== before) {
      forced ||= wasForced;
      checkSoon();
      return;
    }
    const digest = digestOf(content);
    const isBaseline = isFirstCheck && knownDigest === undefined;
    const isNew = digest !== knownDigest && !isBaseline;
    knownDigest = digest;
    if (!closed && (isNew || wasForced)) onChange(content);
  }

  function reportProblem(problem: WatchProblem | undefined, isForced: boolean): void {
    failures = problem === undefined ? 0 : failures + 1;
    if (problem === undefined) reportedProblem = undefined;
    if (problem === undefined || closed) return;
    const { of, error } = problem;
    if (failures === 1 && !isForced) {
      checkSoon();
      return;
    }
    if (reportedProblem === error.message && !isForced) return;
    reportedProblem = error.message;
    if (of === 'reading') knownDigest = undefined;
    options.onProblem?.(error, of);
  }

  const polling = poll > 0 ? setInterval(check, poll).unref() : undefined;
  check();

  return {
    trigger() {
      forced = true;
      check();
    },
    close() {
      closed = true;
      clearInterval(polling);
      clearTimeout(delay?.timer);
      for (const [directory, watched] of directories) stopWatching(directory, watched);
    },
  };
}

async function problemOf(
  of: WatchStep,
  step: () => Promise<void>,
): Promise<WatchProblem | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return { of, error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Changes when the file is written or replaced. */
async function stateOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs].join(' ');
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64');
}
