import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackAptPackage } from './apt-package.ts';
import { keptOrMade } from './cache.ts';
import { runCommand } from './command.ts';
import { type DebianSuite, unpackSuitePackages } from './debian-suite.ts';
import { findExecutable } from './executable.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { startInDirectory } from './server-process.ts';

/** The releases that tests run with: those of three releases of Debian. */
export const PROMETHEUS_RELEASES = ['2.42', '2.53', '3.5'] as const;
export type PrometheusRelease = (typeof PROMETHEUS_RELEASES)[number];

/** The source of a release, and its fallback if the source is not available. */
const SUITES: Readonly<
  Record<
    Exclude<PrometheusRelease, '2.42'>,
    { readonly suite: DebianSuite; readonly fallback: PrometheusRelease }
  >
> = {
  '2.53': { suite: 'trixie', fallback: '2.42' },
  '3.5': { suite: 'sid', fallback: '2.53' },
};

export interface PrometheusPrograms {
  /** The version that the program reports, e.g. `3.5.3`. */
  readonly version: string;
  readonly prometheus: string;
  readonly promtool: string;
}

export interface PrometheusSettings {
  /** Default: see {@link ensurePrometheus}. */
  readonly version?: PrometheusRelease;
  /** The configuration file's text (YAML). Default: nothing is scraped. */
  readonly config?: string;
  /** The web configuration file's text (YAML): TLS and basic authentication. Default: plain HTTP. */
  readonly webConfig?: string;
  /** The database's directory, kept when it stops. Default: a fresh one, removed when it stops. */
  readonly dataDir?: string;
  /** Whether the flags enable agent mode, which has another data directory. Default false. */
  readonly isAgent?: boolean;
  /** The port of 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** More flags, e.g. `--web.route-prefix=/prefix`. */
  readonly flags?: readonly string[];
}

export interface RunningPrometheus extends RunningProcess {
  /** e.g. `http://127.0.0.1:41234`, with `https` where the web configuration has TLS. */
  readonly url: string;
  readonly port: number;
  /** The configuration file; SIGHUP reloads it. */
  readonly configFile: string;
}

const programs = new Map<PrometheusRelease, Promise<PrometheusPrograms>>();

/**
 * The programs `prometheus` and `promtool` of one release, unpacked in the cache. If the package of a
 * release cannot be fetched, an older release replaces it, with a message on standard error: a caller that
 * depends on the release must check `version`.
 *
 * @param release default and `2.42`: those in PATH if it has both, else those of the Debian package of
 *   this system
 * @throws Error with what to install if no release is available
 */
export function ensurePrometheus(release: PrometheusRelease = '2.42'): Promise<PrometheusPrograms> {
  const found = programs.get(release) ?? findRelease(release);
  programs.set(release, found);
  return found;
}

/**
 * Starts a Prometheus on the loopback interface and waits until it is ready. It stops with this process
 * at the latest.
 *
 * @throws Error with the end of its log if it does not become ready
 */
export async function startPrometheus(
  settings: PrometheusSettings = {},
): Promise<RunningPrometheus> {
  const { prometheus } = await ensurePrometheus(settings.version);
  return startInDirectory('prometheus', settings.port, (directory, port) =>
    start(prometheus, directory, port, settings),
  );
}

async function findRelease(release: PrometheusRelease): Promise<PrometheusPrograms> {
  if (release === '2.42') {
    return findPrometheus();
  }
  const { suite, fallback } = SUITES[release];
  try {
    return await programsIn(
      await keptOrMade(`prometheus-${suite}`, (directory) =>
        unpackSuitePackages(suite, ['prometheus', 'promtool'], directory),
      ),
    );
  } catch (error) {
    process.stderr.write(
      `Prometheus ${release} of Debian ${suite} is not available, using ${fallback}: ${String(error)}\n`,
    );
    return ensurePrometheus(fallback);
  }
}

async function findPrometheus(): Promise<PrometheusPrograms> {
  const prometheus = await findExecutable('prometheus');
  const promtool = await findExecutable('promtool');
  return prometheus && promtool
    ? withVersion(prometheus, promtool)
    : programsIn(await keptOrMade('prometheus', unpackDebianPrometheus));
}

async function unpackDebianPrometheus(directory: string): Promise<string> {
  try {
    const version = await unpackAptPackage('prometheus', directory);
    if ((await findExecutable('promtool', join(directory, 'usr/bin'))) === undefined) {
      // A package of its own since Debian 13.
      await unpackAptPackage('promtool', directory);
    }
    return version;
  } catch (error) {
    throw new Error(
      'no Prometheus to run: install prometheus and promtool so that both are in PATH',
      { cause: error },
    );
  }
}

function programsIn(directory: string): Promise<PrometheusPrograms> {
  return withVersion(join(directory, 'usr/bin/prometheus'), join(directory, 'usr/bin/promtool'));
}

async function withVersion(prometheus: string, promtool: string): Promise<PrometheusPrograms> {
  const text = await runCommand(prometheus, ['--version']);
  const [, version] = /version (\d+\.\d+\.\d+)/.exec(text) ?? [];
  if (version === undefined) {
    throw new Error(`${prometheus} --version names no version: ${text.slice(0, 200)}`);
  }
  return { version, prometheus, promtool };
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
      `--storage.${settings.isAgent ? 'agent' : 'tsdb'}.path=${settings.dataDir ?? join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(await webConfigFlags(directory, settings.webConfig)),
      ...(settings.flags ?? []),
    ],
    cwd: directory,
    // It logs this after it has bound its port. An answer of `/-/ready` could come from another server
    // that bound the port first.
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
