import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { runCommand } from '../../scripts/parts/command.ts';
import { findExecutable } from '../../scripts/parts/executable.ts';
import { startProcess } from '../../scripts/parts/process.ts';
import { startPrometheus } from '../../scripts/parts/prometheus.ts';
import { imageStart, knownFlags } from '../bench/environment/image-start.ts';
import { MEMORY_BYTES } from '../fixtures/limited-adapter.ts';
import { limitMemory } from '../fixtures/memory-limit.ts';
import { copyDockerContext } from './docker-context.ts';
import {
  type BuiltStage,
  buildStages,
  type Instruction,
  parseDockerfile,
} from './dockerfile-steps.ts';

const root = path.join(import.meta.dirname, '../..');
const rules = path.join(root, 'examples/nginx/rules.yaml');
const mib = 1024 * 1024;

let instructions: readonly Instruction[] = [];
let scratch = '';
let context: readonly string[] = [];
let image: BuiltStage | undefined;

beforeAll(async () => {
  instructions = parseDockerfile(await readFile(path.join(root, 'Dockerfile'), 'utf8'));
  scratch = await mkdtemp(path.join(tmpdir(), 'dockerfile-'));
  // The image's user is not the one that runs this.
  await chmod(scratch, 0o755);
  context = await copyDockerContext(root, path.join(scratch, 'context'));
  image = await buildStages(instructions, path.join(scratch, 'context'), scratch);
}, 300_000);

afterAll(() => rm(scratch, { recursive: true, force: true }));

function builtImage(): BuiltStage {
  if (image === undefined) throw new Error('the image was not built');
  return image;
}

function textsOf(name: string, list = instructions): readonly string[] {
  return list.filter((each) => each.name === name).map(({ text }) => text);
}

/** The entry point with the stand-ins for the base image's Node.js and for the image's root. */
function commandLine(...args: readonly string[]): { command: string; args: readonly string[] } {
  const stage = builtImage();
  const entryPoint: unknown = JSON.parse(textsOf('ENTRYPOINT', stage.instructions).at(-1) ?? '');
  if (!Array.isArray(entryPoint)) throw new Error('expected ENTRYPOINT to be a JSON array');
  const [node, ...rest] = entryPoint.map(String);
  expect(node).toBe('/nodejs/bin/node');
  const own = knownFlags(rest).map((word) =>
    word.startsWith('/') ? path.join(stage.root, word) : word,
  );
  return { command: process.execPath, args: [...own, ...args] };
}

/** What ENV sets, in the last stage. */
function environmentOfImage(): Readonly<Record<string, string>> {
  const settings = textsOf('ENV', builtImage().instructions).flatMap((text) => text.split(/\s+/));
  return Object.fromEntries(settings.map((setting) => setting.split('=', 2)));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

/** Runs the entry point to its end, as the image's user where this process may. */
async function runImage(stdin: string, ...line: readonly string[]): Promise<Ended> {
  const { command, args } = commandLine(...line);
  const asUser = process.getuid?.() === 0 ? { uid: 10001, gid: 10001 } : {};
  const child = spawn(command, args, {
    ...asUser,
    env: environmentOfImage(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stdout = await readText(child.stdout);
  return { code: await ended, stdout };
}

async function directorySize(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(path.join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe('Dockerfile', () => {
  it('gets only the source that it builds', () => {
    expect(context).toContain('src/main.ts');
    expect(context).toContain('scripts/build.ts');
    const topLevel = new Set(context.map((file) => file.split('/')[0]));
    expect([...topLevel].toSorted()).toEqual([
      '.npmrc',
      'LICENSE',
      'config',
      'package-lock.json',
      'package.json',
      'scripts',
      'src',
      'tsconfig.json',
    ]);
    expect(context.filter((file) => file.endsWith('.test.ts'))).toEqual([]);
    expect(context.filter((file) => file.startsWith('scripts/'))).toEqual(['scripts/build.ts']);
  });

  it('installs the versions of the lock file, without scripts of packages', () => {
    expect(textsOf('RUN')).toContain('npm ci --ignore-scripts');
  });

  it('ends with a base that has a version, a user by number, and no shell', () => {
    const bases = textsOf('ARG').filter((text) => text.includes('_IMAGE='));
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/=\S+:(?!latest)\S*(24|nonroot)/);
    const last = builtImage().instructions;
    expect(textsOf('FROM', last)).toEqual(['${RUNTIME_IMAGE}']);
    expect(textsOf('USER', last)).toEqual(['10001:10001']);
    expect(textsOf('RUN', last)).toEqual([]);
    expect(textsOf('ADD')).toEqual([]);
    for (const directory of textsOf('WORKDIR')) expect(directory).toMatch(/^\//);
  });

  it('is labelled with the version of the package', () => {
    expect(textsOf('ARG')).toContain(`VERSION=${manifest.version}`);
    expect(textsOf('LABEL').join()).toContain('org.opencontainers.image.version="${VERSION}"');
  });

  it('passes hadolint, if it is installed', async ({ skip }) => {
    const hadolint = await findExecutable('hadolint');
    if (hadolint === undefined) return skip('hadolint is not in PATH');
    await runCommand(hadolint, [path.join(root, 'Dockerfile')]);
  });

  it('leaves the bundle and the licences in the image', async () => {
    const app = path.join(builtImage().root, 'app');
    expect((await readdir(app)).toSorted()).toEqual(['LICENSE', 'dist', 'package.json']);
    const files = await readdir(path.join(app, 'dist'));
    expect(files).toContain('main.js');
    expect(files.filter((file) => file.endsWith('.LEGAL.txt'))).not.toEqual([]);
    expect(files.filter((file) => !/\.(js|LEGAL\.txt)$/.test(file))).toEqual([]);
  });

  it('is small', async () => {
    const size = await directorySize(builtImage().root);
    console.log(`the image without its base: ${(size / mib).toFixed(1)} MiB`);
    expect(size).toBeLessThan(4 * mib);
  });

  it('starts as the user of the image', async () => {
    const { code, stdout } = await runImage('', '--version');
    expect(stdout).toContain(manifest.version);
    expect(code).toBe(0);
  });

  it('limits the heap to half of its memory limit', async ({ skip }) => {
    const { nodeFlags } = await imageStart(path.join(root, 'Dockerfile'));
    skip(!nodeFlags.join().includes('max-old-space'), 'this Node.js does not know the flag');
    const limit = await limitMemory(MEMORY_BYTES);
    skip(limit.enforcedBy === 'none', 'no cgroup can be made on this machine');
    const code = 'process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))';
    const heapBytes = Number(
      await runCommand(...limit.wrap(process.execPath, [...nodeFlags, '-e', code])),
    );
    await limit.remove();
    const youngBytes = 3 * 8 * mib;
    expect(heapBytes).toBeLessThanOrEqual(MEMORY_BYTES / 2 + youngBytes);
  });

  it('checks rules', async () => {
    const good = await runImage(await readFile(rules, 'utf8'), 'check', '-');
    expect(good.stdout).toContain('1 custom rule');
    expect(good.code).toBe(0);
    expect((await runImage('rules: 5\n', 'check', '-')).code).toBe(1);
  });

  it('serves', async () => {
    const prometheus = await startPrometheus();
    const args = ['--config', rules, '--prometheus-url', prometheus.url];
    const line = commandLine('--standalone', '--secure-port=0', '--cert-dir=', ...args);
    const adapter = await startProcess({
      name: 'the image',
      ...line,
      env: environmentOfImage(),
      isReady: (output) => /serving.*port="?\d+/.test(output),
    });
    try {
      const status = await readFile(`/proc/${adapter.pid}/status`, 'utf8').catch(() => '');
      const kib = Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN);
      console.log(`resident memory after the start: ${(kib / 1024).toFixed(0)} MiB`);
      expect(adapter.isRunning()).toBe(true);
      expect(kib / 1024).toBeLessThan(100);
    } finally {
      await adapter.stop();
      await prometheus.stop();
    }
  });
});
