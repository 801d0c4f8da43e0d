import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileTooLargeError, readBounded } from './bounded-read.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bounded-read-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('readBounded', () => {
  it('reads a file of up to the limit', async () => {
    const path = join(directory, 'file');
    for (const length of [0, 1, 64 * 1024, 100_000]) {
      const content = Buffer.alloc(length, 'x');
      await writeFile(path, content);
      expect((await readBounded(path, 100_000)).equals(content)).toBe(true);
    }
  });

  it('rejects a larger file without reading it', async () => {
    const path = join(directory, 'sparse');
    await writeFile(path, '');
    // 8 TiB: to read it would take hours.
    await truncate(path, 2 ** 43);
    await expect(readBounded(path, 1000)).rejects.toThrow(FileTooLargeError);
  });

  it('rejects an endless device', async () => {
    await expect(readBounded('/dev/zero', 100_000)).rejects.toThrow(
      'expected at most 100000 bytes',
    );
  });

  it('throws the error of the file system', async () => {
    await expect(readBounded(join(directory, 'missing'), 1)).rejects.toThrow('ENOENT');
    await expect(readBounded(directory, 100_000)).rejects.toThrow('EISDIR');
  });
});
