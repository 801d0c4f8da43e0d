import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { RuleOutcome } from '../../catalog/rule-outcome.ts';
import { type Logger, silentLogger } from '../../telemetry/logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createRulesReport } from './report-rules.ts';

function outcome(index: number, told: Partial<RuleOutcome>): RuleOutcome {
  return {
    rule: compiledRule({ seriesQuery: `q${index}` }, 'custom', index),
    series: 0,
    metrics: 0,
    withoutMetric: [],
    labels: [],
    namespaceLabel: undefined,
    failure: undefined,
    ...told,
  };
}

const filtered = (count: number): Partial<RuleOutcome> => ({
  series: count,
  withoutMetric: [{ cause: 'series_filters', count, examples: ['a'] }],
});

/** Reports these relists; returns the log entries of each. */
function logged(...relists: readonly (readonly RuleOutcome[])[]): readonly (readonly string[])[] {
  const lines: string[] = [];
  const log: Logger = {
    ...silentLogger,
    info: (message) => lines.push(`INFO ${message}`),
    warn: (message) => lines.push(`WARN ${message}`),
  };
  const report = createRulesReport(log, createMonitoring());
  return relists.map((outcomes) => {
    report(outcomes);
    return lines.splice(0);
  });
}

describe('createRulesReport', () => {
  it('logs once why a rule has no metrics, with its place', () => {
    const [first, second, third] = logged(
      [outcome(0, { series: 1, metrics: 2 }), outcome(3, filtered(1))],
      [outcome(0, { series: 1, metrics: 2 }), outcome(3, filtered(12))],
      [outcome(0, { series: 1, metrics: 2 }), outcome(3, {})],
    );
    expect(first).toEqual([
      'WARN rules[3]: no metrics from 1 series: 1 (a) excluded by seriesFilters',
    ]);
    expect(second).toEqual([]);
    expect(third).toEqual(['INFO rules[3]: no metrics: the series query found no series: q3']);
  });

  it('logs where a rule is defined', () => {
    const fields: unknown[] = [];
    const log: Logger = {
      ...silentLogger,
      info: (_, more) => fields.push(more),
      warn: (_, more) => fields.push(more),
    };
    createRulesReport(log, createMonitoring())([outcome(3, filtered(1)), outcome(4, {})]);
    expect(fields).toEqual([{ definedAt: 'rules.yaml:4' }, { definedAt: 'rules.yaml:5' }]);
  });

  it('logs when a rule has metrics again, and when it has none again', () => {
    const lines = logged(
      [outcome(3, filtered(1))],
      [outcome(3, { series: 1, metrics: 1 })],
      [outcome(3, { series: 1, metrics: 1 })],
      [outcome(3, filtered(1))],
    );
    expect(lines.map((each) => each.length)).toEqual([1, 1, 0, 1]);
    expect(lines[1]).toEqual(['INFO rules[3]: has metrics now']);
  });

  it('does not repeat log entries of other reports: failed queries, invalid names', () => {
    const unfit = {
      cause: 'unfit_name',
      count: 1,
      examples: ['a'],
      detail: 'it is empty',
    } as const;
    const [lines] = logged([
      outcome(0, { failure: new Error('down') }),
      outcome(1, { series: 1, withoutMetric: [unfit] }),
    ]);
    expect(lines).toEqual([]);
  });

  it('limits the lines for a thousand rules', () => {
    const [lines] = logged(Array.from({ length: 1_100 }, (_, index) => outcome(index, {})));
    expect(lines).toHaveLength(21);
    expect(lines?.at(-1)).toBe('WARN 1080 more rules have no metrics, or metrics without values');
  });
});
