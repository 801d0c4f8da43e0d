import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freshFile } from './fresh-file.ts';

let directory: string;
let path: string;
let clock = 0;
let problems: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fresh-file-'));
  path = join(directory, 'token');
  clock = 0;
  problems = [];
  await writeFile(path, 'first');
});

afterEach(() => rm(directory, { recursive: true }));

function open() {
  const file = freshFile(path, {
    accept: (content) => {
      if (content.length === 0) {
        throw new Error('it is empty');
      }
    },
    onStale: (problem) => problems.push(problem),
    now: () => clock,
  });
  return async () => (await file.content()).toString();
}

describe('freshFile', () => {
  test('checks the file at most once a second', async () => {
    const content = open();
    await writeFile(path, 'second one');
    clock = 999;
    expect(await content()).toBe('first');
    clock = 1000;
    expect(await content()).toBe('second one');
  });

  test('reads once for concurrent calls', async () => {
    const content = open();
    await writeFile(path, 'second one');
    clock = 1000;
    expect(await Promise.all([content(), content()])).toEqual(['second one', 'second one']);
  });

  test('detects a link that points to another file, as in a volume of Kubernetes', async () => {
    await writeFile(join(directory, 'a'), 'from a');
    await writeFile(join(directory, 'b'), 'from b');
    await rm(path);
    await symlink('a', path);
    const content = open();
    await symlink('b', join(directory, 'swap'));
    await rename(join(directory, 'swap'), path);
    clock = 1000;
    expect(await content()).toBe('from b');
  });

  test('keeps the last valid content, reports why once, and recovers', async () => {
    const content = open();
    await rm(path);
    for (clock of [1000, 2000]) {
      expect(await content()).toBe('first');
    }
    expect(problems).toEqual([expect.stringContaining(`cannot use ${path}: ENOENT`)]);
    await writeFile(path, '');
    clock = 3000;
    expect(await content()).toBe('first');
    // Not as long as the first: time stamps need not differ on every file system.
    await writeFile(path, 'once again');
    clock = 4000;
    expect(await content()).toBe('once again');
    await writeFile(path, '');
    clock = 5000;
    expect(await content()).toBe('once again');
    expect(problems[1]).toBe(`cannot use ${path}: it is empty`);
  });

  test('requires a valid file at start', async () => {
    await writeFile(path, '');
    expect(open).toThrow(`cannot use ${path}: it is empty`);
    await rm(path);
    expect(open).toThrow(`cannot use ${path}: ENOENT`);
  });
});
