import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { emptyCatalog } from '../../catalog/catalog.ts';
import type { RelistRound } from '../../catalog/relist.ts';
import { type Logger, silentLogger } from '../../telemetry/logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createRelistReport } from './report-relist.ts';

/** Reports rounds in which so much failed and was left out; returns the warnings. */
function warningsOf(...rounds: readonly { failed: number; leftOut: number }[]) {
  const warnings: string[] = [];
  const log: Logger = {
    ...silentLogger,
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
  };
  const metrics = createMonitoring();
  const report = createRelistReport(log, metrics, () => ({ custom: [], external: [] }));
  for (const { failed, leftOut } of rounds) {
    const round: RelistRound = {
      outcomes: Array.from({ length: failed }, (_, index) => ({
        seriesQuery: `query_${index}`,
        error: new Error(`failure ${index}`),
      })),
      strategies: [],
      leftOut: Array.from({ length: leftOut }, (_, index) => ({
        series: `series_${index}`,
        name: 'a/b',
        why: 'it has a "/"',
      })),
      ruleOutcomes: [],
      catalog: emptyCatalog,
      durationSeconds: 1,
    };
    report(round);
  }
  return warnings;
}

describe('createRelistReport', () => {
  it('logs failures, and omitted metrics when they change', () => {
    const rounds = [
      { failed: 2, leftOut: 1 },
      { failed: 0, leftOut: 1 },
      { failed: 0, leftOut: 2 },
    ];
    const warnings = warningsOf(...rounds);
    expect(warnings.filter((warning) => warning.includes('query_'))).toHaveLength(2);
    expect(warnings.filter((warning) => warning.includes('series_'))).toHaveLength(3);
  });

  it('logs a cause once for all queries that fail because of it', () => {
    const warnings: unknown[] = [];
    const log: Logger = { ...silentLogger, warn: (_, fields) => warnings.push(fields) };
    const metrics = createMonitoring();
    const report = createRelistReport(log, metrics, () => ({ custom: [], external: [] }));
    const [down, refused] = [new Error('down'), new Error('refused')];
    const outcomes = [down, down, refused, down].map((error, index) => ({
      seriesQuery: `query_${index}`,
      error,
    }));
    const rest = {
      strategies: [],
      leftOut: [],
      ruleOutcomes: [],
      catalog: emptyCatalog,
      durationSeconds: 1,
    };
    report({ ...rest, outcomes });
    expect(warnings).toEqual([
      { rules: [], seriesQuery: 'query_0', andOthers: 2, error: down },
      { rules: [], seriesQuery: 'query_2', error: refused },
    ]);
  });

  it('logs the rules of a failing query once, until it succeeds', () => {
    const said: unknown[] = [];
    const log: Logger = {
      ...silentLogger,
      info: (message) => said.push(message),
      warn: (_, fields) => said.push(fields),
    };
    const rule = (seriesQuery: string, index: number) =>
      compiledRule({ seriesQuery }, 'custom', index);
    const rules = { custom: [rule('a', 0), rule('b', 3), rule('a', 4)], external: [] };
    const report = createRelistReport(log, createMonitoring(), () => rules);
    const rest = {
      strategies: [],
      leftOut: [],
      ruleOutcomes: [],
      catalog: emptyCatalog,
      durationSeconds: 1,
    };
    const [down, refused] = [new Error('down'), new Error('refused')];
    const answered = { seriesQuery: 'b', strategy: 'series', found: new Map() } as const;
    report({ ...rest, outcomes: [{ seriesQuery: 'a', error: down }, answered] });
    report({ ...rest, outcomes: [{ seriesQuery: 'a', error: down }, answered] });
    report({ ...rest, outcomes: [{ seriesQuery: 'a', error: refused }, answered] });
    report({ ...rest, outcomes: [answered] });
    report({ ...rest, outcomes: [answered] });
    expect(said.filter((each) => each !== 'discovered metrics')).toEqual([
      { rules: ['rules[0]', 'rules[4]'], seriesQuery: 'a', error: down },
      { rules: ['rules[0]', 'rules[4]'], seriesQuery: 'a', error: refused },
      'all series queries succeed again',
    ]);
  });

  it('logs only failures if all queries fail', () => {
    const said: string[] = [];
    const log: Logger = { ...silentLogger, info: (message) => said.push(message) };
    const metrics = createMonitoring();
    const report = createRelistReport(log, metrics, () => ({ custom: [], external: [] }));
    const strategies = [{ prometheus: undefined, strategy: 'series', why: 'HTTP 404' }] as const;
    const rest = {
      strategies,
      leftOut: [],
      ruleOutcomes: [],
      catalog: emptyCatalog,
      durationSeconds: 1,
    };
    report({ ...rest, outcomes: [{ seriesQuery: 'up', error: new Error('down') }] });
    expect(said).toEqual([]);
    report({ ...rest, outcomes: [{ seriesQuery: 'up', strategy: 'series', found: new Map() }] });
    expect(said).toEqual([
      'series are discovered by /api/v1/series',
      'all series queries succeed again',
      'discovered metrics',
    ]);
  });

  it('limits the lines for omitted metrics', () => {
    const warnings = warningsOf({ failed: 1000, leftOut: 100_000 });
    expect(warnings).toHaveLength(42);
    expect(warnings).toContain('more series queries failed {"more":980}');
    expect(warnings).toContain('more metrics are not served {"more":99980}');
  });
});
