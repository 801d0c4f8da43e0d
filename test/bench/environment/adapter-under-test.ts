import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { type RunningProcess, startProcess } from '../../../scripts/parts/process.ts';
import { askAdapter } from '../../e2e/adapter.ts';
import { BenchArgumentError, type BenchArguments } from '../arguments/bench-arguments.ts';
import type { LoadTarget } from '../load/load.ts';
import type { OnEnd } from '../run-bench.ts';
import type { BenchEnvironment } from './bench-environment.ts';
import { imageStart } from './image-start.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** The adapter that is measured. */
export interface AdapterUnderTest {
  readonly target: LoadTarget;
  /** Undefined: it does not run on this machine, or it is not known. */
  readonly pid: number | undefined;
}

/** The adapter of `--url`, else one that is started. */
export async function adapterUnderTest(
  flags: BenchArguments,
  environment: BenchEnvironment | undefined,
  onEnd: OnEnd,
): Promise<AdapterUnderTest> {
  const url = flags.text('url');
  if (url !== undefined) {
    const pid = flags.has('pid') ? flags.count('pid') : undefined;
    return { target: await givenTarget(url, flags, environment), pid };
  }
  if (environment === undefined) throw new BenchArgumentError('expected --url or --environment');
  const { running, port } = await startAdapter(flags, environment);
  onEnd(() => running.stop());
  return { target: await startedTarget(port, environment), pid: running.pid };
}

/** Starts a server that does nothing but answer, with the certificate of an adapter. */
export async function startBareServer(
  environment: BenchEnvironment,
  onEnd: OnEnd,
): Promise<AdapterUnderTest> {
  const { serving } = environment;
  const file = join(import.meta.dirname, 'bare-server.ts');
  const image = await imageStart(resolve(ROOT, 'Dockerfile'));
  const running = await startProcess({
    name: 'the bare server',
    command: process.execPath,
    args: [...image.nodeFlags, file, serving.cert, serving.key],
    env: { ...process.env, ...image.env },
    isReady: (output) => output.includes('port '),
  });
  onEnd(() => running.stop());
  const port = Number(/port (\d+)/.exec(running.stdoutTail())?.[1]);
  return { target: await startedTarget(port, environment), pid: running.pid };
}

/** Starts the adapter with the servers of the environment and waits until it is ready. */
export async function startAdapter(
  flags: BenchArguments,
  environment: BenchEnvironment,
  more: { readonly flags?: readonly string[]; readonly nodeFlags?: readonly string[] } = {},
): Promise<{ readonly running: RunningProcess; readonly port: number }> {
  const port = await freePort();
  const program = await programOf(flags, more.nodeFlags);
  const running = await startProcess({
    name: 'the adapter',
    command: program.command,
    args: [
      ...program.args,
      ...adapterFlags(environment, port),
      ...(more.flags ?? []),
      ...flags.all('adapter-flag'),
    ],
    env: { ...process.env, ...program.env },
    cwd: environment.directory,
    isReady: async () => (await askAdapter(port, '/readyz')).status === 200,
    readyTimeoutMs: 120_000,
  });
  return { running, port };
}

/** The flags of prometheus-adapter for these servers. */
export function adapterFlags(environment: BenchEnvironment, port: number): readonly string[] {
  const { rulesFile, prometheusUrl, adapterKubeconfig, serving } = environment;
  return [
    `--config=${rulesFile}`,
    `--prometheus-url=${prometheusUrl}`,
    `--lister-kubeconfig=${adapterKubeconfig}`,
    `--authentication-kubeconfig=${adapterKubeconfig}`,
    `--authorization-kubeconfig=${adapterKubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${serving.cert}`,
    `--tls-private-key-file=${serving.key}`,
  ];
}

export async function startedTarget(
  port: number,
  { serving, client }: BenchEnvironment,
): Promise<LoadTarget> {
  return {
    url: `https://127.0.0.1:${port}`,
    ca: await readFile(serving.ca, 'utf8'),
    cert: await readFile(client.cert, 'utf8'),
    key: await readFile(client.key, 'utf8'),
    headers: client.headers,
  };
}

/** The paths of the requests: `--paths`, else those of the environment. */
export async function pathsToAsk(
  flags: BenchArguments,
  environment: BenchEnvironment | undefined,
): Promise<readonly string[]> {
  const file = flags.text('paths') ?? environment?.pathsFile;
  if (file === undefined) throw new BenchArgumentError('--url needs --paths or --environment');
  return readPaths(file);
}

/** One path a line. */
export async function readPaths(file: string): Promise<readonly string[]> {
  const paths = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('/'));
  if (paths.length === 0) throw new BenchArgumentError(`${file}: expected paths, one a line`);
  return paths;
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** JavaScript is run by the Node.js that runs this, with the flags that it has in the image. */
async function programOf(
  flags: BenchArguments,
  nodeFlags: readonly string[] = [],
): Promise<Program> {
  const file = resolve(ROOT, flags.needed('program'));
  if (!/\.[cm]?[jt]s$/.test(file)) return { command: file, args: [], env: {} };
  const image = await imageStart(resolve(ROOT, 'Dockerfile'));
  const args = [...image.nodeFlags, ...nodeFlags, ...flags.all('node-flag'), file];
  return { command: process.execPath, args, env: image.env };
}

async function givenTarget(
  url: string,
  flags: BenchArguments,
  environment: BenchEnvironment | undefined,
): Promise<LoadTarget> {
  const read = async (flag: string, byDefault: string | undefined) => {
    const file = flags.text(flag) ?? byDefault;
    return file === undefined ? {} : { [flag]: await readFile(file, 'utf8') };
  };
  const token = flags.text('token');
  return {
    url,
    ...(await read('ca', undefined)),
    ...(await read('cert', environment?.client.cert)),
    ...(await read('key', environment?.client.key)),
    headers: {
      ...environment?.client.headers,
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...Object.fromEntries(flags.all('header').map(headerField)),
    },
  };
}

function headerField(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new BenchArgumentError(`--header: expected NAME:VALUE, not ${text}`);
  return [text.slice(0, colon), text.slice(colon + 1).trim()];
}
