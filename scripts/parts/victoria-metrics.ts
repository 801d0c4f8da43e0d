import { join } from 'node:path';
import { keptOrMade } from './cache.ts';
import { runCommand } from './command.ts';
import { type DebianSuite, unpackSuitePackages } from './debian-suite.ts';
import { type RunningProcess, startProcess } from './process.ts';
import { startInDirectory } from './server-process.ts';

/** The releases that tests run with: those of two releases of Debian. */
export const VICTORIA_METRICS_RELEASES = ['1.112', '1.145'] as const;
export type VictoriaMetricsRelease = (typeof VICTORIA_METRICS_RELEASES)[number];

const SUITES: Readonly<Record<VictoriaMetricsRelease, DebianSuite>> = {
  '1.112': 'trixie',
  '1.145': 'sid',
};

export interface VictoriaMetricsProgram {
  /** The version that the program reports, e.g. `1.145.0`. */
  readonly version: string;
  readonly path: string;
}

export interface VictoriaMetricsSettings {
  /** Default: the newest. */
  readonly version?: VictoriaMetricsRelease;
  /** The port of 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** More flags, e.g. `-search.maxQueryLen=1024`. */
  readonly flags?: readonly string[];
}

export interface RunningVictoriaMetrics extends RunningProcess {
  /** e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly port: number;
  /**
   * Writes samples, which queries find at once. Samples younger than 30 seconds are hidden from
   * queries without `latency_offset`.
   *
   * @param openMetricsText samples with timestamps in seconds, as for `backfill`; comments are
   *   left out
   * @throws Error with the response of the server if it rejects the text
   */
  importSamples(openMetricsText: string): Promise<void>;
}

const programs = new Map<VictoriaMetricsRelease, Promise<VictoriaMetricsProgram | undefined>>();

/**
 * VictoriaMetrics (the single server) of one release, unpacked in the cache.
 *
 * @returns undefined if its package cannot be fetched: a message on standard error has the reason, and
 *   tests that need it are skipped
 */
export function ensureVictoriaMetrics(
  release: VictoriaMetricsRelease = '1.145',
): Promise<VictoriaMetricsProgram | undefined> {
  const found = programs.get(release) ?? findRelease(release);
  programs.set(release, found);
  return found;
}

/**
 * Starts a VictoriaMetrics on the loopback interface and waits until it is ready. It stops with this
 * process at the latest. Its data is removed when it stops; it accepts samples of any age.
 *
 * @throws Error with the end of its log if it does not become ready, or if there is no program
 */
export async function startVictoriaMetrics(
  settings: VictoriaMetricsSettings = {},
): Promise<RunningVictoriaMetrics> {
  const program = await ensureVictoriaMetrics(settings.version);
  if (program === undefined) {
    throw new Error(`there is no VictoriaMetrics ${settings.version ?? ''} to run`);
  }
  return startInDirectory('victoria-metrics', settings.port, (directory, port) =>
    start(program.path, directory, port, settings),
  );
}

async function findRelease(
  release: VictoriaMetricsRelease,
): Promise<VictoriaMetricsProgram | undefined> {
  const suite = SUITES[release];
  try {
    const directory = await keptOrMade(`victoria-metrics-${suite}`, (scratch) =>
      unpackSuitePackages(suite, ['victoria-metrics'], scratch),
    );
    const path = join(directory, 'usr/bin/victoria-metrics');
    return { version: await versionOf(path, directory), path };
  } catch (error) {
    process.stderr.write(
      `VictoriaMetrics ${release} of Debian ${suite} is not available, its tests are skipped: ${String(error)}\n`,
    );
    return undefined;
  }
}

/** Debian's build names no version of its own; the cached directory is named by the package's. */
async function versionOf(path: string, directory: string): Promise<string> {
  const text = `${await runCommand(path, ['-version'])} ${directory}`;
  return /(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'unknown';
}

async function start(
  program: string,
  directory: string,
  port: number,
  settings: VictoriaMetricsSettings,
): Promise<RunningVictoriaMetrics> {
  const running = await startProcess({
    name: 'VictoriaMetrics',
    command: program,
    args: [
      `-storageDataPath=${join(directory, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
      ...(settings.flags ?? []),
    ],
    cwd: directory,
    isReady: (output) => output.includes('started server at http'),
  });
  const url = `http://127.0.0.1:${port}`;
  return { ...running, url, port, importSamples: (text) => importSamples(url, text) };
}

async function importSamples(url: string, openMetricsText: string): Promise<void> {
  await post(`${url}/api/v1/import/prometheus`, inMilliseconds(openMetricsText));
  await post(`${url}/internal/force_flush`, '');
}

/** OpenMetrics has timestamps in seconds, the older text format in milliseconds. */
function inMilliseconds(openMetricsText: string): string {
  return openMetricsText
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const end = line.lastIndexOf(' ');
      return `${line.slice(0, end)} ${Math.round(Number(line.slice(end + 1)) * 1000)}\n`;
    })
    .join('');
}

async function post(address: string, body: string): Promise<void> {
  const answer = await fetch(address, { method: 'POST', body });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`POST ${new URL(address).pathname}: HTTP ${answer.status}: ${text}`);
  }
}
