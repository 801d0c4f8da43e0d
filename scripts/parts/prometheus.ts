import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackAptPackage } from './apt-package.ts';
import { keptOrMade } from './cache.ts';
import { findExecutable } from './executable.ts';
import { freePort, onSomePort } from './free-port.ts';
import { type RunningProcess, startProcess } from './process.ts';

export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

export interface PrometheusSettings {
  /** The configuration file's text (YAML). Default: nothing is scraped. */
  readonly config?: string;
  /** The web configuration file's text (YAML): TLS and basic authentication. Default: plain HTTP. */
  readonly webConfig?: string;
  /** The database's directory, kept when it stops. Default: a fresh one, removed when it stops. */
  readonly dataDir?: string;
  /** The port of 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** More flags, e.g. `--web.route-prefix=/prefix`. */
  readonly flags?: readonly string[];
}

export interface RunningPrometheus extends RunningProcess {
  /** e.g. `http://127.0.0.1:41234`, with `https` where the web configuration has TLS. */
  readonly url: string;
  readonly port: number;
  /** The file with the configuration: rewrite it and send SIGHUP to have it reloaded. */
  readonly configFile: string;
}

let programs: Promise<PrometheusPrograms> | undefined;

/**
 * The programs `prometheus` and `promtool`: those in PATH where both are, else those of Debian's
 * package, unpacked in the cache.
 *
 * @throws Error with what to install where there is neither
 */
export function ensurePrometheus(): Promise<PrometheusPrograms> {
  programs ??= findPrometheus();
  return programs;
}

/**
 * Starts a Prometheus on the loopback interface and waits until it is ready. It ends with this
 * process at the latest.
 *
 * @throws Error with the end of its log if it does not become ready
 */
export async function startPrometheus(
  settings: PrometheusSettings = {},
): Promise<RunningPrometheus> {
  const { prometheus } = await ensurePrometheus();
  const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const removeDirectory = () => rm(directory, { recursive: true, force: true });
  try {
    const { port } = settings;
    const running =
      port === undefined
        ? await onSomePort(async () => start(prometheus, directory, await freePort(), settings))
        : await start(prometheus, directory, port, settings);
    return {
      ...running,
      stop: () => running.stop().finally(removeDirectory),
      kill: () => running.kill().finally(removeDirectory),
    };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}

async function findPrometheus(): Promise<PrometheusPrograms> {
  const prometheus = await findExecutable('prometheus');
  const promtool = await findExecutable('promtool');
  return prometheus && promtool
    ? { prometheus, promtool }
    : programsIn(await keptOrMade('prometheus', unpackDebianPrometheus));
}

async function unpackDebianPrometheus(directory: string): Promise<string> {
  try {
    return await unpackAptPackage('prometheus', directory);
  } catch (error) {
    throw new Error(
      'no Prometheus to run: install prometheus and promtool so that both are in PATH',
      { cause: error },
    );
  }
}

function programsIn(directory: string): PrometheusPrograms {
  return {
    prometheus: join(directory, 'usr/bin/prometheus'),
    promtool: join(directory, 'usr/bin/promtool'),
  };
}

async function start(
  prometheus: string,
  directory: string,
  port: number,
  settings: PrometheusSettings,
): Promise<RunningPrometheus> {
  const configFile = join(directory, 'prometheus.yml');
  await writeFile(configFile, settings.config ?? 'scrape_configs: []\n');
  const running = await startProcess({
    name: 'Prometheus',
    command: prometheus,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${settings.dataDir ?? join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(await webConfigFlags(directory, settings.webConfig)),
      ...(settings.flags ?? []),
    ],
    cwd: directory,
    // Said after it has bound its port: an answer of `/-/ready` could come from another server
    // that took the port first.
    isReady: (output) => output.includes('Server is ready to receive web requests'),
  });
  const scheme = settings.webConfig?.includes('tls_server_config') ? 'https' : 'http';
  return { ...running, url: `${scheme}://127.0.0.1:${port}`, port, configFile };
}

async function webConfigFlags(
  directory: string,
  webConfig: string | undefined,
): Promise<readonly string[]> {
  if (webConfig === undefined) {
    return [];
  }
  const file = join(directory, 'web.yml');
  await writeFile(file, webConfig);
  return [`--web.config.file=${file}`];
}
