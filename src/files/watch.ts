import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { MAX_FILE_BYTES, readBounded } from './bounded-read.ts';
import { placesOf } from './watched-places.ts';

export interface FileWatch {
  /** Reads the file now and hands its content on even if it has not changed (SIGHUP). */
  trigger(): void;
  /** Ends the watch: nothing is called any more. */
  close(): void;
}

export interface WatchOptions {
  /**
   * The content already in use: where the file's differs, that is a change. Without it, the content
   * at the start counts as known.
   */
  readonly known?: Uint8Array;
  /** Milliseconds without further changes before the file is read; it may be half written. */
  readonly quiet?: number;
  /** Milliseconds between looks at the file that no event prompted: events can be missed. 0: none. */
  readonly poll?: number;
  /**
   * Told when the file cannot be read or watched at two looks in a row (a file that is being replaced
   * may be missing for a moment), or at the one that {@link FileWatch.trigger} asked for; and again
   * only when something else is the matter, or it could be read in between. What is read after it was
   * told of as unreadable counts as a change, whatever it is.
   */
  readonly onProblem?: (error: Error, of: WatchStep) => void;
}

export type WatchStep = 'watching' | 'reading';

interface WatchProblem {
  readonly of: WatchStep;
  readonly error: Error;
}

/** How many quiet spans a file that keeps changing can put off being read. */
const LONGEST_DELAY = 10;

/** A directory under watch. */
interface WatchedDirectory {
  readonly watcher: FSWatcher;
  /** Tells a directory from another one made later under the same name. */
  readonly identity: string;
  names: ReadonlySet<string>;
}

/**
 * Watches a file for new content, whichever way it comes: written in place, renamed over, removed
 * and made again, or by exchanging a symbolic link anywhere on its path, as kubelet does with the
 * volumes of ConfigMaps and Secrets. Does not keep the process running.
 *
 * @param onChange takes the new content; must not throw
 */
export function watchFile(
  path: string,
  onChange: (content: Buffer) => void,
  options: WatchOptions = {},
): FileWatch {
  const { quiet = 100, poll = 30_000 } = options;
  const directories = new Map<string, WatchedDirectory>();
  let knownDigest = options.known && digestOf(options.known);
  let isFirstLook = true;
  let failures = 0;
  let toldProblem: string | undefined;
  let closed = false;
  let looking = false;
  let lookAgain = false;
  let forced = false;
  let delay: { timer: NodeJS.Timeout; readonly since: number } | undefined;

  /** Looks after a while without changes, but not put off for ever. */
  function lookSoon(): void {
    if (closed) return;
    const now = performance.now();
    const since = delay?.since ?? now;
    clearTimeout(delay?.timer);
    const wait = Math.max(0, Math.min(quiet, since + quiet * LONGEST_DELAY - now));
    const timer = setTimeout(() => {
      delay = undefined;
      look();
    }, wait);
    timer.unref();
    delay = { timer, since };
  }

  /** Looks now; when it is looking already, once more afterwards. */
  function look(): void {
    if (closed) return;
    lookAgain = true;
    if (!looking) void lookWhileAsked();
  }

  async function lookWhileAsked(): Promise<void> {
    looking = true;
    while (lookAgain && !closed) {
      lookAgain = false;
      const isForced = forced;
      const watching = await problemOf('watching', followPlaces);
      const reading = await problemOf('reading', compare);
      tellOf(reading ?? watching, isForced);
      isFirstLook = false;
    }
    looking = false;
  }

  /** Before the file is read, so that no change falls between. */
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
      if (concerns) lookSoon();
    });
    // A watch that fails is made again at the next look.
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
      lookSoon();
      return;
    }
    const digest = digestOf(content);
    const isBaseline = isFirstLook && knownDigest === undefined;
    const isNew = digest !== knownDigest && !isBaseline;
    knownDigest = digest;
    if (!closed && (isNew || wasForced)) onChange(content);
  }

  function tellOf(problem: WatchProblem | undefined, isForced: boolean): void {
    failures = problem === undefined ? 0 : failures + 1;
    if (problem === undefined) toldProblem = undefined;
    if (problem === undefined || closed) return;
    const { of, error } = problem;
    if (failures === 1 && !isForced) {
      lookSoon();
      return;
    }
    if (toldProblem === error.message && !isForced) return;
    toldProblem = error.message;
    if (of === 'reading') knownDigest = undefined;
    options.onProblem?.(error, of);
  }

  const polling = poll > 0 ? setInterval(look, poll).unref() : undefined;
  look();

  return {
    trigger() {
      forced = true;
      look();
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

/** Differs when the file was written to, or is another one. */
async function stateOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs].join(' ');
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('base64');
}
