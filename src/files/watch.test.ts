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

/** The reports of a watch, in order. Without polling, so that only events count. */
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

/** A watch of a file with the content `first`. It has reported a first change, so it is established. */
async function established(path: string, options: WatchOptions = {}) {
  const watched = watching(path, { known: Buffer.from('before'), ...options });
  await expectLast(watched.seen, 'first');
  return watched;
}

async function expectLast(seen: readonly string[], content: string): Promise<void> {
  await vi.waitFor(() => expect(seen.at(-1)).toBe(content), { timeout: 20_000, interval: 10 });
}

/** Long enough for an unexpected call to arrive. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

describe('a plain file', () => {
  let path: string;
  beforeEach(async () => {
    path = join(directory, 'file');
    await writeFile(path, 'first');
  });

  it('is reported if it differs from the known content', async () => {
    const { seen } = await established(path);
    expect(seen).toEqual(['first']);
  });

  it('is not reported if it is equal to the known content', async () => {
    const { seen } = watching(path, { known: Buffer.from('first') });
    const { seen: seenUnknown } = watching(path);
    await settle();
    expect([...seen, ...seenUnknown]).toEqual([]);
  });

  it('is not read without an event if polling is off', async () => {
    const never = 3_600_000;
    const { watch, seen } = await established(path, { quiet: never, poll: 0 });
    await writeFile(path, 'second');
    await settle();
    expect(seen).toEqual(['first']);
    watch.trigger();
    await expectLast(seen, 'second');
  });

  it('is reported when it is written in place', async () => {
    const { seen } = await established(path);
    await writeFile(path, 'second');
    await expectLast(seen, 'second');
  });

  it('is reported each time another file is renamed over it', async () => {
    const { seen } = await established(path);
    for (const content of ['second', 'third', 'fourth']) {
      await writeFile(join(directory, '.file.swp'), content);
      await rename(join(directory, '.file.swp'), path);
      await expectLast(seen, content);
    }
  });

  it('is reported when it is created again after a removal, and not while it is missing', async () => {
    const { seen, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    expect(seen).toEqual(['first']);
    await writeFile(path, 'second');
    await expectLast(seen, 'second');
    expect(problems).toEqual([expect.stringContaining('ENOENT')]);
  });

  it('is reported as unreadable once', async () => {
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

  it('is reported as unreadable at each trigger', async () => {
    const { watch, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    for (const triggered of [1, 2]) {
      watch.trigger();
      await vi.waitFor(() => expect(problems).toHaveLength(1 + triggered), { timeout: 20_000 });
    }
  });

  it('is reported when it is readable again with the same content', async () => {
    const { seen, problems } = await established(path);
    await unlink(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    // In one step: an empty file must not be read.
    await writeFile(`${path}.new`, 'first');
    await rename(`${path}.new`, path);
    await vi.waitFor(() => expect(seen).toEqual(['first', 'first']), { timeout: 20_000 });
  });

  it('is not reported when it is created again with the same content', async () => {
    const { seen } = await established(path);
    await writeFile(`${path}.new`, 'first');
    await unlink(path);
    await rename(`${path}.new`, path);
    await settle();
    expect(seen).toEqual(['first']);
  });

  it('is reported once when it is written in many quick pieces', async () => {
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

  it('is reported even if it never stops changing', async () => {
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

  it('is reported at once by a trigger, even if it has not changed', async () => {
    const { watch, seen } = await established(path);
    watch.trigger();
    await expect.poll(() => seen).toEqual(['first', 'first']);
  });

  it('is reported by polling if there is no event', async () => {
    // The proc file system emits no events, and this file changes with every read.
    const { seen } = watching('/proc/self/stat', { poll: 50, known: Buffer.from('') });
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(1), { timeout: 20_000 });
  });

  it('is not reported after the watch is closed', async () => {
    const { watch, seen } = await established(path);
    watch.trigger();
    watch.close();
    await writeFile(path, 'second');
    await settle();
    expect(seen).toEqual(['first']);
  });
});

describe('a file that does not exist yet', () => {
  it('is reported when it is created together with its directories', async () => {
    const path = join(directory, 'a', 'b', 'file');
    const { seen, problems } = watching(path);
    await vi.waitFor(() => expect(problems).toHaveLength(1), { timeout: 20_000 });
    await mkdir(join(directory, 'a'));
    await mkdir(join(directory, 'a', 'b'));
    await writeFile(path, 'here');
    await expectLast(seen, 'here');
  });

  it('is reported in a directory that was created again with the same name', async () => {
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

  it('is reported at every exchange', async () => {
    await publish(directory, '2026_01_01_00_00_00.1', 'first');
    const { seen, problems } = await established(join(directory, 'config.yaml'));
    await publish(directory, '2026_01_01_00_01_00.2', 'second');
    await expectLast(seen, 'second');
    await publish(directory, '2026_01_01_00_02_00.3', 'third');
    await expectLast(seen, 'third');
    expect(seen).toEqual(['first', 'second', 'third']);
    expect(problems).toEqual([]);
  });

  it('is not reported if an exchange does not change the content', async () => {
    await publish(directory, '1', 'first');
    const { seen } = await established(join(directory, 'config.yaml'));
    await publish(directory, '2', 'first');
    await settle();
    expect(seen).toEqual(['first']);
    await publish(directory, '3', 'second');
    await expectLast(seen, 'second');
  });

  it('is reported through a link to the volume from another place', async () => {
    const volume = join(directory, 'volume');
    await mkdir(volume);
    await publish(volume, '1', 'first');
    await symlink('volume/config.yaml', join(directory, 'rules.yaml'));
    const { seen } = await established(join(directory, 'rules.yaml'));
    await publish(volume, '2', 'second');
    await expectLast(seen, 'second');
  });
});
