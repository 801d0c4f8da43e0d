import { describe, expect, it } from 'vitest';
import type { AnswerSummary } from '../../metrics/answer-summary.ts';
import { type Logger, silentLogger } from '../../telemetry/logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createAnswerReport } from './report-answers.ts';

const answered: AnswerSummary = {
  api: 'custom',
  metric: 'pods/load',
  namespace: 'shop',
  queries: ['sum(load)'],
  samples: 2,
  leftOut: new Map(),
  objectLabel: 'pod',
  objects: { requested: 2, missing: { count: 0, names: [] } },
};

const nothing: AnswerSummary = {
  ...answered,
  samples: 2,
  leftOut: new Map([['label_missing', 2]]),
  objects: { requested: 2, missing: { count: 2, names: ['a', 'b'] } },
};

function reporting() {
  const lines: string[] = [];
  const state = { now: 0 };
  const fields: unknown[] = [];
  const write =
    (level: string): Logger['info'] =>
    (message, given) => {
      lines.push(`${level} ${message}`);
      fields.push(given);
    };
  const log: Logger = { ...silentLogger, info: write('INFO'), warn: write('WARN') };
  const metrics = createMonitoring();
  const report = createAnswerReport(log, metrics, () => state.now);
  return { report, lines, fields, state, metrics };
}

describe('createAnswerReport', () => {
  it('logs nothing if all objects have a value', () => {
    const { report, lines } = reporting();
    report(answered);
    report({ ...answered, api: 'external', objects: undefined });
    expect(lines).toEqual([]);
  });

  it('logs the same line once in ten minutes, and new ones immediately', () => {
    const { report, lines, state } = reporting();
    for (state.now = 0; state.now <= 599_000; state.now += 15_000) report(nothing);
    expect(lines).toHaveLength(1);
    report({ ...nothing, leftOut: new Map([['other_namespace', 2]]) });
    report({ ...nothing, namespace: 'bank' });
    expect(lines).toHaveLength(3);
    state.now = 600_000;
    report(nothing);
    expect(lines).toHaveLength(4);
  });

  it('limits how much clients can log', () => {
    const { report, lines, fields, state } = reporting();
    const ask = (namespace: string) => report({ ...nothing, namespace });
    for (let index = 0; index < 5_000; index += 1) ask(`n-${index}`);
    expect(lines).toHaveLength(20);
    state.now = 1_000;
    ask('later');
    expect(fields.at(-1)).toEqual({ queries: ['sum(load)'], notLoggedBefore: 4_980 });
  });

  it.each([
    [
      'no object matches',
      {
        ...answered,
        samples: 0,
        queries: [],
        objects: { requested: 0, missing: { count: 0, names: [] } },
      },
      'INFO pods/load in namespace shop: no object matches',
    ],
    [
      'no samples',
      { ...nothing, samples: 0, leftOut: new Map() },
      'WARN pods/load in namespace shop: 2 of 2 objects without a value (a, b); 0 samples returned',
    ],
    [
      'an external metric without samples',
      { ...answered, api: 'external', metric: 'lag', samples: 0, objects: undefined },
      'INFO lag in namespace shop: no values; 0 samples returned',
    ],
    [
      'an external metric with infinite samples only',
      {
        ...answered,
        api: 'external',
        metric: 'lag',
        samples: 1,
        leftOut: new Map([['infinite' as const, 1]]),
        objects: undefined,
      },
      'WARN lag in namespace shop: no values; 1 sample returned, 1 infinite',
    ],
    [
      'many objects',
      {
        ...answered,
        api: 'resource',
        metric: 'pods',
        namespace: undefined,
        samples: 7,
        objects: {
          requested: 50_000,
          missing: {
            count: 49_998,
            names: ['a/1', 'a/2'],
            without: { cpu: 49_998, memory: 49_990 },
          },
        },
      },
      'INFO pods: 49998 of 50000 objects without a value (a/1, a/2, ...), 49998 without CPU, 49990 without memory; 7 samples returned',
    ],
  ] as const)('logs %s', (_what, summary, line) => {
    const { report, lines } = reporting();
    report(summary);
    expect(lines).toEqual([line]);
  });

  it('counts samples that were not used, logged or not', async () => {
    const { report, metrics } = reporting();
    for (let count = 0; count < 3; count += 1) report(nothing);
    expect((await metrics.render()).body).toContain(
      'prom_metrics_adapter_samples_dropped_total{api="custom",reason="label_missing"} 6',
    );
  });
});
