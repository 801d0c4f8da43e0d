import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory } from './cache.ts';
import { runCommand } from './command.ts';
import { findExecutable } from './executable.ts';
import { withMachineLock } from './machine-lock.ts';
import { fromDebianMirror } from './mirror.ts';

/**
 * Unpacks a Debian package without installing it: no root needed, no service started, no
 * dependency brought in. Fit for programs that are linked statically.
 *
 * @param name the package's name
 * @param directory gets its files, e.g. as `usr/bin/...`
 * @returns the package's version
 * @throws Error with the missing program if this is not a Debian system, or apt has no such package
 */
export async function unpackAptPackage(name: string, directory: string): Promise<string> {
  await needDebian(name);
  const downloads = join(directory, 'download');
  await mkdir(downloads);
  const archive = await fromDebianMirror(`the package ${name}`, () => download(name, downloads));
  await runCommand('dpkg-deb', ['--extract', archive, directory]);
  const version = await runCommand('dpkg-deb', ['--field', archive, 'Version']);
  await rm(downloads, { recursive: true });
  return version.trim();
}

/** @throws Error where a program that fetches or unpacks Debian's packages is missing */
export async function needDebian(name: string): Promise<void> {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if ((await findExecutable(program)) === undefined) {
      throw new Error(
        `cannot fetch Debian's package ${name}: there is no ${program} on this machine`,
      );
    }
  }
}

/** Downloads with the system's package lists if they have the package, else with separate lists. */
async function download(name: string, downloads: string): Promise<string> {
  try {
    await runCommand('apt-get', ['download', '--quiet', name], { cwd: downloads });
  } catch {
    await withOwnPackageLists((own) =>
      runCommand('apt-get', [...own, 'download', '--quiet', name], { cwd: downloads }),
    );
  }
  const archive = (await readdir(downloads)).find((file) => file.endsWith('.deb'));
  if (archive === undefined) {
    throw new Error(`apt-get downloaded no archive of the package ${name}`);
  }
  return join(downloads, archive);
}

/**
 * Runs work with current lists of the system's package archives, kept in our cache: no root is
 * needed to update them, and the system's own lists stay as they are.
 *
 * @param work is given the options that make apt use the lists
 */
export async function withOwnPackageLists<T>(
  work: (options: readonly string[]) => Promise<T>,
): Promise<T> {
  const state = join(cacheDirectory(), 'apt');
  // apt locks its lists, and fails if they are locked.
  return withMachineLock('apt', async () => {
    const options = await keepingStateIn(state);
    await runCommand('apt-get', [...options, 'update', '--quiet']);
    return work(options);
  });
}

/**
 * Options that make apt keep its lists and archives in a directory.
 *
 * @param state the directory; created if it is missing
 */
export async function keepingStateIn(state: string): Promise<readonly string[]> {
  await mkdir(join(state, 'lists', 'partial'), { recursive: true });
  await mkdir(join(state, 'archives', 'partial'), { recursive: true });
  return [
    `--option=Dir::State::Lists=${join(state, 'lists')}`,
    `--option=Dir::Cache=${state}`,
    `--option=Dir::Cache::Archives=${join(state, 'archives')}`,
  ];
}
