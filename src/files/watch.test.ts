import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileWatch, type WatchOptions, watchFile } from './watch.ts';

let directory: string;
const watches: FileWatch[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'watch-'));
});
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await rm(directory, { recursive: true });
});

/** What a watch told, in order. Without a poll, so that only events count. */
function watching(path: string, options: WatchOptions = {}) {
  const seen: string[] = [];
  const problems: string[] = [];
  const watch = watchFile(path, (content) => seen.push(content.toString()), {
    quiet: 20,
    poll: 3_600_000,
    onProblem: (error) => problems.push(error.message),
    ...options,
  });
  watches.push(watch);
  return { watch, seen, problems };
}

/** A watch of a file that has `first` in it, certain to watch: it has told of a first change. */
async function established(path: string, options: WatchOptions = {}) {
  const watched = watching(path, { known: Buffer.from('before'), ...options });
  await expectLast(watched.seen, 'first');
  return watched;
}

async function expectLast(seen: readonly string[], content: string): Promise<void> {
  await vi.waitFor(() => expect(seen.at(-1)).toBe(content), { timeout: 20_000, interval: 10 });
}

/** Long enough for a wrong call to have come. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

describe('a plain file', () => {
  let path: string;
  beforeEach(async () => {
    path = join(directory, 'file');
    await writeFile(path, 'first');
  });

  it('is told of when it is not what is known', async () => {
    const { seen } = await established(path);
    expect(seen).toEqual(['first']);
  });

  it('is not told of when it is what is known', async () => {
    const { seen } = watching(path, { known: Buffer.from('first') });
    const { seen: seenUnknown } = watching(path);
    await settle();
    expect([...seen, ...seenUnknown]).toEqual([]);
  });

  it('is not looked at without an event where there is to be no poll', async () => {
    const never = 3_600_000;
    const { watch, seen } = await established(path, { quiet: never, poll: 0 });
    await writeFile(path, 'second');
    await settle();
    expect(seen).toEqual(['first']);
    watch.trigger();
    await expectLast(seen, 'second');
  });

  it('is told of when it is written in place', async () => {
    const { seen } = await established(path);
    await writeFile(path, 'second');
    await expectLast(seen, 'second');
  });

  it('is told of when another file is renamed over it, again and again', async () => {
    const { seen } = await established(path);
    for (const content of ['second', 'third', 'fourth']) {
      await writeFile(join(directory, '.file.swp'), content);
      await rename(join(directory, '.file.swp'), path);
      await expectLast(seen, content);
    }
  });

  it('is told of when it was removed and comes back, and not while it is away', async () => {
    const { seen, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    expect(seen).toEqual(['first']);
    await writeFile(path, 'second');
    await expectLast(seen, 'second');
    expect(problems).toEqual([expect.stringContaining('ENOENT')]);
  });

  it('is told of as unreadable once, however often it is looked at', async () => {
    const { problems } = await established(path, { poll: 20 });
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    await settle();
    expect(problems).toEqual([expect.stringContaining('ENOENT')]);
    await mkdir(path);
    await vi.waitFor(() => expect(problems).toHaveLength(2), { timeout: 20_000 });
    await settle();
    expect(problems.slice(1)).toEqual([expect.stringContaining('EISDIR')]);
  });

  it('is told of as unreadable each time that it is asked for', async () => {
    const { watch, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    for (const asked of [1, 2]) {
      watch.trigger();
      await vi.waitFor(() => expect(problems).toHaveLength(1 + asked), { timeout: 20_000 });
    }
  });

  it('is told of when it comes back as it was, after it was told of as unreadable', async () => {
    const { seen, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    // In one step: nobody is to read it before it is written.
    await writeFile(`${path}.new`, 'first');
    await rename(`${path}.new`, path);
    await vi.waitFor(() => expect(seen).toEqual(['first', 'first']), { timeout: 20_000 });
  });

  it('is not told of when it comes back as it was', async () => {
    const { seen } = await established(path);
    await writeFile(`${path}.new`, 'first');
    await unlink(path);
    await rename(`${path}.new`, path);
    await settle();
    expect(seen).toEqual(['first']);
  });

  it('is told of as a whole when it is written to in many quick pieces', async () => {
    const { seen } = await established(path, { quiet: 400 });
    const file = await open(path, 'w');
    for (let piece = 0; piece < 20; piece++) {
      await file.write(`${piece} `);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await file.close();
    const whole = [...Array(20).keys()].map((piece) => `${piece} `).join('');
    await expectLast(seen, whole);
    expect(seen.length).toBeLessThan(10);
  });

  it('is told of in the end when it never comes to rest', async () => {
    const { seen } = await established(path, { quiet: 50 });
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await appendFile(path, '.');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), { timeout: 20_000 });
    writing = false;
    await writer;
  });

  it('is told of at once, changed or not, when that is asked for', async () => {
    const { watch, seen } = await established(path);
    watch.trigger();
    await expect.poll(() => seen).toEqual(['first', 'first']);
  });

  it('is noticed by looking, where no event tells', async () => {
    // The proc file system tells of no change, and this file is another one at every look.
    const { seen } = watching('/proc/self/stat', { poll: 50, known: Buffer.from('') });
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), { timeout: 20_000 });
  });

  it('is not told of after the watch has been closed', async () => {
    const { watch, seen } = await established(path);
    watch.trigger();
    watch.close();
    await writeFile(path, 'second');
    await settle();
    expect(seen).toEqual(['first']);
  });
});

describe('a file that is not there yet', () => {
  it('is told of when it comes, with the directories that it is in', async () => {
    const path = join(directory, 'a', 'b', 'file');
    const { seen, problems } = watching(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    await mkdir(join(directory, 'a'));
    await mkdir(join(directory, 'a', 'b'));
    await writeFile(path, 'here');
    await expectLast(seen, 'here');
  });

  it('is told of in a directory that was made anew under the same name', async () => {
    const path = join(directory, 'a', 'file');
    await mkdir(join(directory, 'a'));
    await writeFile(path, 'first');
    const { seen } = await established(path, { poll: 200 });
    await rename(join(directory, 'a'), join(directory, 'old'));
    await mkdir(join(directory, 'a'));
    await writeFile(path, 'second');
    await expectLast(seen, 'second');
    await writeFile(path, 'third');
    await expectLast(seen, 'third');
  });
});

describe('a file in the volume of a ConfigMap', () => {
  /** As kubelet's atomic writer does: a new directory, then `..data` exchanged by a rename. */
  async function publish(volume: string, generation: string, content: string): Promise<void> {
    const old = await readlink(join(volume, '..data')).catch(() => undefined);
    await mkdir(join(volume, `..${generation}`), { mode: 0o755 });
    await writeFile(join(volume, `..${generation}`, 'config.yaml'), content);
    await symlink(`..${generation}`, join(volume, '..data_tmp'));
    await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    if (old === undefined) await symlink('..data/config.yaml', join(volume, 'config.yaml'));
    else await rm(join(volume, old), { recursive: true });
  }

  it('is told of at every exchange', async () => {
    await publish(directory, '2026_01_01_00_00_00.1', 'first');
    const { seen, problems } = await established(join(directory, 'config.yaml'));
    await publish(directory, '2026_01_01_00_01_00.2', 'second');
    await expectLast(seen, 'second');
    await publish(directory, '2026_01_01_00_02_00.3', 'third');
    await expectLast(seen, 'third');
    expect(seen).toEqual(['first', 'second', 'third']);
    expect(problems).toEqual([]);
  });

  it('is not told of when an exchange leaves the content as it was', async () => {
    await publish(directory, '1', 'first');
    const { seen } = await established(join(directory, 'config.yaml'));
    await publish(directory, '2', 'first');
    await settle();
    expect(seen).toEqual(['first']);
    await publish(directory, '3', 'second');
    await expectLast(seen, 'second');
  });

  it('is told of through a link to the volume from elsewhere', async () => {
    const volume = join(directory, 'volume');
    await mkdir(volume);
    await publish(volume, '1', 'first');
    await symlink('volume/config.yaml', join(directory, 'rules.yaml'));
    const { seen } = await established(join(directory, 'rules.yaml'));
    await publish(volume, '2', 'second');
    await expectLast(seen, 'second');
  });
});
