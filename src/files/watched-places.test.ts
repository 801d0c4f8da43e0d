import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placesOf } from './watched-places.ts';

let root: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'places-')));
});
afterEach(() => rm(root, { recursive: true }));

/** The places below the temporary directory, as `directory: name, name`. */
async function places(path: string): Promise<readonly string[]> {
  const found = await placesOf(join(root, path));
  return [...found]
    .map(([directory, names]) => `${directory.replace(root, '')}/: ${[...names].join(', ')}`)
    .sort();
}

describe('placesOf', () => {
  it('is the directory of a plain file', async () => {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a/file'), '');
    expect(await places('a/file')).toEqual(['/a/: file']);
  });

  it('is every directory with a link on the path, as in the volume of a ConfigMap', async () => {
    await mkdir(join(root, 'etc/..2026'), { recursive: true });
    await writeFile(join(root, 'etc/..2026/file'), '');
    await symlink('..2026', join(root, 'etc/..data'));
    await symlink('..data/file', join(root, 'etc/file'));
    await symlink(join(root, 'etc'), join(root, 'link'));
    expect(await places('link/file')).toEqual([
      '/: link',
      '/etc/..2026/: file',
      '/etc/: file, ..data',
    ]);
  });

  it('is the directory where something is missing', async () => {
    await mkdir(join(root, 'a'));
    expect(await places('a/b/c')).toEqual(['/a/: b']);
    await symlink('../a/gone', join(root, 'a/link'));
    expect(await places('a/link')).toEqual(['/a/: link, gone']);
  });

  it('ends for circular links', async () => {
    await symlink('two', join(root, 'one'));
    await symlink('one', join(root, 'two'));
    expect(await places('one')).toEqual(['/: one, two']);
  });

  it('accepts relative paths', async () => {
    const found = await placesOf('package.json');
    expect([...(found.get(dirname(await realpath('package.json'))) ?? [])]).toEqual([
      'package.json',
    ]);
  });
});
