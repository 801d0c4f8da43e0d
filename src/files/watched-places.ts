import { lstat, readlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

/** The limit of Linux. */
const MAX_LINKS = 40;

/**
 * The directories where a path can change: that of the file, those of the symbolic links on its path, and the
 * one where the path ends because something is missing.
 *
 * @returns absolute directories without symbolic links, with the relevant names in each
 */
export async function placesOf(path: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const places = new Map<string, Set<string>>();
  let ahead = resolve(path).split(sep);
  let directory: string = sep;
  let links = 0;
  while (ahead.length > 0) {
    const [name = '', ...rest] = ahead;
    ahead = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      directory = dirname(directory);
      continue;
    }
    const at = join(directory, name);
    const kind = await kindOf(at);
    if (kind === 'link' || kind === 'missing' || rest.length === 0) {
      const names = places.get(directory) ?? new Set();
      places.set(directory, names.add(name));
    }
    if (kind === 'missing') break;
    if (kind === 'other') {
      directory = at;
      continue;
    }
    if (++links > MAX_LINKS) break;
    const target = await readlink(at);
    ahead = [...target.split(sep), ...rest];
    if (target.startsWith(sep)) directory = sep;
  }
  return places;
}

async function kindOf(path: string): Promise<'link' | 'missing' | 'other'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other';
  } catch {
    return 'missing';
  }
}
