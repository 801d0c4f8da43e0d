import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cacheDirectory, cached, cachedVersions } from './cache.ts';

describe('where the cache lies', () => {
  test('the variable of its own comes first', () => {
    expect(cacheDirectory({ PROM_METRICS_ADAPTER_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  });

  test('else in the cache directory of the user', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe('/b/prom-metrics-adapter');
    expect(cacheDirectory({})).toMatch(/\/\.cache\/prom-metrics-adapter$/);
  });
});

describe('a cached part', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cache-'));
    vi.stubEnv('PROM_METRICS_ADAPTER_CACHE', root);
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true });
  });

  test('is built once', async () => {
    let builds = 0;
    const build = async (directory: string) => {
      builds += 1;
      await writeFile(join(directory, 'program'), 'x');
    };
    const first = await cached('tool', '1', build);
    expect(await cached('tool', '1', build)).toBe(first);
    expect(builds).toBe(1);
    expect(await readFile(join(first, 'program'), 'utf8')).toBe('x');
  });

  test('is built once and completely for concurrent callers', async () => {
    let builds = 0;
    const built = await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        cached('tool', '1', async (directory) => {
          builds += 1;
          await writeFile(join(directory, 'one'), text);
          await writeFile(join(directory, 'two'), text);
        }),
      ),
    );
    expect(builds).toBe(1);
    const [kept = ''] = built;
    expect(new Set(built)).toEqual(new Set([kept]));
    expect(await readFile(join(kept, 'one'), 'utf8')).toBe(
      await readFile(join(kept, 'two'), 'utf8'),
    );
    expect(await readdir(join(root, 'tool'))).toEqual(['1']);
  });

  test('leaves nothing behind when its build fails', async () => {
    const build = () => Promise.reject(new Error('no network'));
    await expect(cached('tool', '1', build)).rejects.toThrow('no network');
    expect(await readdir(join(root, 'tool'))).toEqual([]);
  });

  test('is listed by version, not what a killed build left, which is removed after an hour', async () => {
    await cached('tool', '2', async () => {});
    const abandoned = await mkdtemp(join(root, 'tool', '.building-'));
    expect(await cachedVersions('tool')).toEqual([join(root, 'tool', '2')]);
    const twoHoursAgo = Date.now() / 1000 - 7200;
    await utimes(abandoned, twoHoursAgo, twoHoursAgo);
    await cached('tool', '3', async () => {});
    expect((await readdir(join(root, 'tool'))).sort()).toEqual(['2', '3']);
  });
});
