import type { RealServer, RunningServer } from '../fixtures/real-servers.ts';
import { readData } from './recorded-cases.ts';

/** A series of data/series.prom. */
export interface RecordedSeries {
  /** Name and labels, as in the file. */
  readonly series: string;
  /** The number in the file, e.g. `1e+06` or `NaN`. */
  readonly value: string;
  /** Whether `value` is an increase per second, as data/README.md describes for counters. */
  readonly isCounter: boolean;
}

/** Seconds since the epoch at which every counter is 0. */
const counterStart = 1_700_000_000;

/**
 * Reads exposition text without timestamps.
 *
 * @throws Error naming the line that is neither a comment nor a sample.
 */
export function parseSeries(text: string): RecordedSeries[] {
  const counters = new Set<string>();
  const found: RecordedSeries[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const family = /^# TYPE (\S+) counter$/.exec(line)?.[1];
    if (family !== undefined) counters.add(family);
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, series, name, value] = /^(([a-zA-Z_:][\w:]*)(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (series === undefined || name === undefined || value === undefined) {
      throw new Error(`line ${i + 1}: expected a sample without a timestamp, found: ${line}`);
    }
    found.push({ series, value, isCounter: counters.has(name) });
  }
  return found;
}

/** Samples at whole seconds `from`, `from + step`, ... up to `to`. */
export interface SampleTimes {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/**
 * Writes samples of the series as OpenMetrics text: counters grow, everything else stays as it is.
 *
 * @returns text that ends in `# EOF`, samples grouped by series.
 */
export function toOpenMetrics(series: readonly RecordedSeries[], times: SampleTimes): string {
  const lines: string[] = [];
  for (const { series: name, value, isCounter } of series) {
    for (let t = times.from; t <= times.to; t += times.step) {
      const sample = isCounter ? String(Number(value) * (t - counterStart)) : value;
      lines.push(`${name} ${sample} ${t}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

/**
 * Starts a server that holds data/series.prom for the next 40 minutes and, so that windows of five
 * minutes are full, the last 11. Its data is removed when it stops.
 */
export function startGoldenServer(server: RealServer): Promise<RunningServer> {
  const series = parseSeries(readData('series.prom'));
  return server.start(toOpenMetrics(series, timesAround(Date.now())));
}

function timesAround(nowMs: number): SampleTimes {
  const step = 5;
  const now = Math.floor(nowMs / 1000 / step) * step;
  return { from: now - 11 * 60, to: now + 40 * 60, step };
}
