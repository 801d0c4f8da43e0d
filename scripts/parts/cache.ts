import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { withMachineLock } from './machine-lock.ts';

const SCRATCH_PREFIX = '.building-';
const SCRATCH_LIFETIME_MS = 3_600_000;

/**
 * The directory that keeps fetched parts between runs. It is outside the work tree, so that a
 * fresh clone need not fetch them again.
 *
 * @param env the environment: `PROM_METRICS_ADAPTER_CACHE` names the directory itself, else it is
 *   `prom-metrics-adapter` in `XDG_CACHE_HOME` or in `~/.cache`
 * @returns an absolute path; the directory need not exist yet
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env.PROM_METRICS_ADAPTER_CACHE ||
    join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'prom-metrics-adapter')
  );
}

/**
 * The directory of one version of a part, built first if it does not exist yet.
 *
 * @param part e.g. `kubectl`
 * @param version distinguishes builds, e.g. `2.2.2_x64`
 * @param build fills the empty directory it is given; what it throws is thrown on, and nothing is kept
 * @returns the complete directory
 */
export async function cached(
  part: string,
  version: string,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const kept = join(cacheDirectory(), part, version);
  if (await isDirectory(kept)) {
    return kept;
  }
  return addToCache(
    part,
    async () => ((await isDirectory(kept)) ? kept : undefined),
    async (directory) => {
      await build(directory);
      return version;
    },
  );
}

/**
 * Builds a part whose version is known only then. One process of the machine does so at a time, in
 * a directory of its own, so that nothing is fetched or built twice.
 *
 * @param part e.g. `prometheus`
 * @param find looks again whether the part is there, for another process may have built it
 * @param build fills the empty directory it is given and gives the version back; what it throws is
 *   thrown on, and nothing is kept
 * @returns the complete directory
 */
async function addToCache(
  part: string,
  find: () => Promise<string | undefined>,
  build: (directory: string) => Promise<string>,
): Promise<string> {
  const versions = join(cacheDirectory(), part);
  await mkdir(versions, { recursive: true });
  return withMachineLock(
    lockOf(versions),
    async () => (await find()) ?? (await buildOnce(versions, build)),
  );
}

/** The name of a socket is short, and another cache directory needs another lock. */
function lockOf(versions: string): string {
  const where = createHash('sha256').update(versions).digest('hex').slice(0, 16);
  return `${basename(versions).slice(0, 40)}-${where}`;
}

async function buildOnce(
  versions: string,
  build: (directory: string) => Promise<string>,
): Promise<string> {
  await removeAbandonedScratch(versions);
  const scratch = await mkdtemp(join(versions, SCRATCH_PREFIX));
  try {
    const kept = join(versions, await build(scratch));
    await keep(scratch, kept);
    return kept;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * A part of any version that the cache has for this architecture, built first if it has none. The
 * version stays until the cache is emptied, so that it is the same every time.
 *
 * @param part e.g. `prometheus`
 * @param make fills the empty directory it is given and gives the version back; what it throws is
 *   thrown on, and nothing is kept
 * @returns the complete directory
 */
export async function keptOrMade(
  part: string,
  make: (directory: string) => Promise<string>,
): Promise<string> {
  const find = async () =>
    (await cachedVersions(part)).findLast((path) => path.endsWith(process.arch));
  return (
    (await find()) ??
    addToCache(part, find, async (directory) => `${await make(directory)}_${process.arch}`)
  );
}

/**
 * @param part e.g. `prometheus`
 * @returns the directories of the versions of the part that are in the cache, the newest last
 */
export async function cachedVersions(part: string): Promise<readonly string[]> {
  const versions = join(cacheDirectory(), part);
  const names = await readdir(versions).catch(() => []);
  const dated = await Promise.all(
    names
      .filter((name) => !name.startsWith(SCRATCH_PREFIX))
      .map((name) => join(versions, name))
      .map(async (path) => ({ path, builtAt: (await stat(path)).mtimeMs })),
  );
  return dated.sort((a, b) => a.builtAt - b.builtAt).map(({ path }) => path);
}

async function keep(scratch: string, kept: string): Promise<void> {
  try {
    await rename(scratch, kept);
  } catch (error) {
    // Another process was first: a directory that is not empty cannot be renamed onto.
    if (!(await isDirectory(kept))) {
      throw error;
    }
  }
}

/** Removes the files of builds that were killed. */
async function removeAbandonedScratch(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (name.startsWith(SCRATCH_PREFIX) && (await isAbandoned(path))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && found.mtimeMs < Date.now() - SCRATCH_LIFETIME_MS;
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
