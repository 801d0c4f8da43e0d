import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { findExecutable } from './executable.ts';
import { fromDebianMirror } from './mirror.ts';

/**
 * Downloads the original source archive of a Debian package, from the very archives that this
 * system is set up with. The system's own package lists are neither needed nor changed: most
 * systems have none of sources.
 *
 * @param name the source package's name, e.g. `kubernetes`
 * @param scratch an empty directory; the archive and the lists are put in it
 * @returns the path of the archive, named `<name>_<upstream version>.orig.tar.<compression>`
 * @throws Error with the missing part if this is not a Debian system, or its archives do not have the source
 *   package
 */
export async function downloadAptSource(name: string, scratch: string): Promise<string> {
  if ((await findExecutable('apt-get')) === undefined) {
    throw new Error(`cannot fetch Debian's source of ${name}: there is no apt-get on this machine`);
  }
  return fromDebianMirror(`the source package ${name}`, () => download(name, scratch));
}

async function download(name: string, scratch: string): Promise<string> {
  const state = await ownState(scratch);
  await runCommand('apt-get', [...state, 'update', '--quiet']);
  const ofSources = [...state, ...(await listSources(state, scratch))];
  await runCommand('apt-get', [...ofSources, 'update', '--quiet']);
  const cwd = join(scratch, 'source');
  await mkdir(cwd);
  await runCommand('apt-get', [...ofSources, 'source', '--download-only', '--quiet', name], {
    cwd,
  });
  const archive = (await readdir(cwd)).find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file));
  if (archive === undefined) {
    throw new Error(`Debian's source package ${name} has no original archive`);
  }
  return join(cwd, archive);
}

/** Options that make apt keep its lists in the scratch directory: no root needed, nothing changed. */
async function ownState(scratch: string): Promise<readonly string[]> {
  const lists = join(scratch, 'lists');
  const archives = join(scratch, 'archives');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(archives, 'partial'), { recursive: true });
  return [
    `--option=Dir::State::Lists=${lists}`,
    `--option=Dir::Cache=${scratch}`,
    `--option=Dir::Cache::Archives=${archives}`,
  ];
}

/** Options that make apt read sources from where the system has its Debian packages from. */
async function listSources(state: readonly string[], scratch: string): Promise<readonly string[]> {
  const lines = await runCommand('apt-get', [
    ...state,
    'indextargets',
    '--format',
    'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
    'Origin: Debian',
  ]);
  if (lines.trim() === '') {
    throw new Error('this system is set up with no package archive of Debian');
  }
  const file = join(scratch, 'sources.list');
  await writeFile(file, lines);
  return [`--option=Dir::Etc::SourceList=${file}`, '--option=Dir::Etc::SourceParts=-'];
}
