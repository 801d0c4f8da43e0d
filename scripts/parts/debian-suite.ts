import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keepingStateIn, needDebian, withOwnPackageLists } from './apt-package.ts';
import { cacheDirectory } from './cache.ts';
import { runCommand } from './command.ts';
import { withMachineLock } from './machine-lock.ts';
import { fromDebianMirror } from './mirror.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** A release of Debian by its code name. Programs that are linked statically run on older ones. */
export type DebianSuite = 'trixie' | 'sid';

/**
 * Unpacks packages of another release of Debian, with an apt configuration of our own: the system's
 * sources, lists and packages stay as they are. The packages come from the mirror that the system
 * has its own from.
 *
 * @param suite the release
 * @param names packages of one source package, e.g. `prometheus` and `promtool`
 * @param directory where their trees are laid out, e.g. as `usr/bin/...`
 * @returns the version of the first package, e.g. `3.5.3+ds1-6`
 * @throws Error where this is no Debian system, or the suite cannot be read
 */
export async function unpackSuitePackages(
  suite: DebianSuite,
  names: readonly [string, ...string[]],
  directory: string,
): Promise<string> {
  await needDebian(names[0]);
  const downloads = join(directory, 'download');
  await mkdir(downloads);
  await fromDebianMirror(`packages of Debian ${suite}`, () =>
    withMachineLock(`apt-${suite}`, () => download(suite, names, downloads)),
  );
  for (const file of await readdir(downloads)) {
    await runCommand('dpkg-deb', ['--extract', join(downloads, file), directory]);
  }
  const first = (await readdir(downloads)).find((file) => file.startsWith(`${names[0]}_`));
  if (first === undefined) {
    throw new Error(`apt-get downloaded no archive of the package ${names[0]}`);
  }
  const version = await runCommand('dpkg-deb', ['--field', join(downloads, first), 'Version']);
  await rm(downloads, { recursive: true });
  return version.trim();
}

async function download(
  suite: DebianSuite,
  names: readonly string[],
  downloads: string,
): Promise<void> {
  const apt = await aptOfSuite(suite);
  await runCommand('apt-get', [...apt, 'update', '--quiet']);
  await runCommand('apt-get', [...apt, 'download', '--quiet', ...names], { cwd: downloads });
}

/** Options that make apt use only this suite, with its lists in our cache. */
async function aptOfSuite(suite: DebianSuite): Promise<readonly string[]> {
  const state = join(cacheDirectory(), `apt-${suite}`);
  const stateOptions = await keepingStateIn(state);
  const sources = join(state, 'sources.list');
  await writeFile(sources, `deb [signed-by=${KEYRING}] ${await systemMirror()} ${suite} main\n`);
  return [
    ...stateOptions,
    '--option=Dir::State::Status=/dev/null',
    `--option=Dir::Etc::SourceList=${sources}`,
    '--option=Dir::Etc::SourceParts=-',
    '--option=Dir::Etc::Preferences=-',
    '--option=Dir::Etc::PreferencesParts=-',
    '--option=APT::Update::Error-Mode=any',
    '--option=Acquire::Languages=none',
    '--option=Acquire::Retries=1',
    '--option=Acquire::http::Timeout=15',
    '--option=Acquire::https::Timeout=15',
  ];
}

/** The mirror that the system uses for Debian packages. */
async function systemMirror(): Promise<string> {
  const address = (await mirrorIn([])) ?? (await withOwnPackageLists(mirrorIn));
  if (address === undefined) {
    throw new Error('this system is set up with no package archive of Debian');
  }
  return address;
}

/** The origin is in the package lists, so apt cannot determine it before the first update. */
async function mirrorIn(lists: readonly string[]): Promise<string | undefined> {
  const addresses = await runCommand('apt-get', [
    ...lists,
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Created-By: Packages',
    'Origin: Debian',
    'Component: main',
  ]);
  return addresses.split('\n').find((line) => line !== '');
}
