import { describe, expect, it } from 'vitest';
import { builtCatalog } from '../../test/fixtures/catalog.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import type { RuleLists } from './required-labels.ts';
import { explainOutcome, noMetricsReason, type RuleOutcome } from './rule-outcome.ts';

const overrides = { namespace: 'namespace', pod: 'pod' };

type Series = Readonly<Record<string, readonly string[]>>;

/** The outcome of each rule, if the series query `q` finds these series. */
async function outcomes(
  rules: Partial<RuleLists>,
  series: Series,
): Promise<readonly RuleOutcome[]> {
  const found = new Map(Object.entries(series).map(([name, labels]) => [name, new Set(labels)]));
  const { ruleOutcomes } = await builtCatalog(
    { custom: [], external: [], ...rules },
    new Map([['q', found]]),
    builtinResourceMapper(),
  );
  return ruleOutcomes.map((outcome) => ({ ...outcome, failure: undefined }));
}

async function outcome(
  rule: Parameters<typeof compiledRule>[0],
  series: Series,
  kind: 'custom' | 'external' = 'custom',
): Promise<RuleOutcome> {
  const compiled = compiledRule({ seriesQuery: 'q', ...rule }, kind);
  const lists = kind === 'custom' ? { custom: [compiled] } : { external: [compiled] };
  const [first] = await outcomes(lists, series);
  if (first === undefined) throw new Error('there is no outcome');
  return first;
}

describe('the outcome of a rule', () => {
  it('counts series and metrics, and explains nothing without a problem', async () => {
    const found = await outcome({ overrides }, { a: ['namespace', 'pod'], b: ['namespace'] });
    expect(found).toMatchObject({ series: 2, metrics: 3, withoutMetric: [], labels: [] });
    expect(noMetricsReason(found)).toBeUndefined();
    expect(explainOutcome(found)).toBeUndefined();
  });

  it.each([
    ['no_series', {}, {}, 'no metrics: the series query found no series: q'],
    [
      'series_filters',
      { overrides, seriesFilters: [{ isNot: '^a' }] },
      { a1: ['pod', 'namespace'], a2: ['pod'], a3: ['pod'], a4: ['pod'] },
      'no metrics from 4 series: 4 (a1, a2, a3, ...) excluded by seriesFilters',
    ],
    [
      'name_matches',
      { overrides, matches: '^b' },
      { a: ['pod', 'namespace'] },
      'no metrics from 1 series: 1 (a) excluded by name.matches',
    ],
    [
      'unfit_name',
      { overrides, matches: 'a(x?)' },
      { a: ['pod', 'namespace'] },
      'no metrics from 1 series: 1 (a) with a name that cannot be requested: it is empty',
    ],
    [
      'no_resource_label',
      { overrides },
      { a: ['job', 'kubernetes_pod'], b: ['job', 'instance'] },
      'no metrics from 2 series: 2 (a, b) without a label that maps to a resource: the labels are instance, job, kubernetes_pod; add an override or a template to `resources`',
    ],
    [
      'no_namespace_label',
      { overrides },
      { a: ['pod', 'job'] },
      'no metrics from 1 series: 1 (a) without the label `namespace`: objects in a namespace need one; add it to the series, or name it in `resources`',
    ],
    [
      'no_namespace_label',
      { overrides: { pod: 'pod' } },
      { a: ['pod', 'namespace'] },
      'no metrics from 1 series: 1 (a) for which `resources` has no label for the namespace: objects in a namespace need one; add it to the series, or name it in `resources`',
    ],
  ] as const)('explains why there are no metrics: %s', async (reason, rule, series, text) => {
    const found = await outcome(rule, series);
    expect(found.metrics).toBe(0);
    expect(noMetricsReason(found)).toBe(reason);
    expect(explainOutcome(found)).toBe(text);
  });

  it('has all causes, the most frequent first', async () => {
    const found = await outcome(
      { overrides, seriesFilters: [{ isNot: '^a' }], matches: '^[bc]' },
      { a: ['pod'], b: ['pod'], c: ['pod'], d: ['pod'] },
    );
    expect(found.withoutMetric.map(({ cause, count }) => [cause, count])).toEqual([
      ['no_namespace_label', 2],
      ['series_filters', 1],
      ['name_matches', 1],
    ]);
    expect(noMetricsReason(found)).toBe('no_namespace_label');
  });

  it('reports a rule whose metrics are all replaced by later rules', async () => {
    const rule = (index: number) =>
      compiledRule({ seriesQuery: 'q', as: 'x', overrides }, 'custom', index);
    const [first, second] = await outcomes(
      { custom: [rule(0), rule(1)] },
      { a: ['namespace', 'pod'] },
    );
    expect(second?.metrics).toBe(2);
    expect(first && explainOutcome(first)).toBe(
      'no metrics from 1 series: 2 (x, x) replaced by later rules that define the same metrics',
    );
    expect(first && noMetricsReason(first)).toBe('replaced');
  });

  it('reports an external rule whose series lack the label for the namespace, which is listed', async () => {
    const found = await outcome(
      { template: '<<.Resource>>' },
      { broker_lag: ['topic', 'instance'] },
      'external',
    );
    expect(found).toMatchObject({ metrics: 1, labels: ['instance', 'topic'] });
    expect(noMetricsReason(found)).toBe('no_namespace_label');
    expect(explainOutcome(found)).toBe(
      '1 (broker_lag) without the label `namespace`, so requests return no values: set `namespaced: false`, or name the label of the namespace in `resources`',
    );
    const some = await outcome(
      { template: '<<.Resource>>' },
      { broker_lag: ['topic'], broker_up: ['namespace'] },
      'external',
    );
    expect(noMetricsReason(some)).toBeUndefined();
    expect(explainOutcome(some)).toContain('1 (broker_lag) without the label `namespace`');
    for (const rule of [{ namespaced: false }, { template: '<<.Resource>>', namespaced: false }]) {
      expect(explainOutcome(await outcome(rule, { a: ['topic'] }, 'external'))).toBeUndefined();
    }
  });

  it('reports an external rule without a label for the namespace', async () => {
    const found = await outcome({}, { a: ['namespace'] }, 'external');
    expect(found.metrics).toBe(0);
    expect(explainOutcome(found)).toBe(
      'no metrics from 1 series: 1 (a) for which `resources` has no label for the namespace, so requests return no values: set `namespaced: false`, or name the label of the namespace in `resources`',
    );
  });

  it('distinguishes a failed query from one that found nothing', async () => {
    const nothing = await outcome({ overrides }, {});
    const failed = { ...nothing, failure: new Error('down') };
    expect(noMetricsReason(failed)).toBe('query_failed');
    expect(explainOutcome(failed)).toBe(
      'no metrics: the series query failed, and nothing was found before',
    );
    const kept = await outcome({ overrides }, { a: ['namespace'] });
    expect(noMetricsReason({ ...kept, failure: new Error('down') })).toBeUndefined();
  });

  it('has the maximum number of labels without an ellipsis', async () => {
    const labels = Array.from({ length: 20 }, (_, i) => `label_${i}`);
    const found = await outcome({ overrides }, { a: labels });
    expect(found.labels).toEqual(labels.toSorted());
    expect(explainOutcome(found)).not.toContain('...');
  });

  it('has no labels if none is missing', async () => {
    const found = await outcome(
      { overrides, seriesFilters: [{ isNot: '^a' }] },
      { a: ['namespace', 'pod'] },
    );
    expect(found.labels).toEqual([]);
  });

  it('names three of the metrics that later rules replace', async () => {
    const rule = (index: number) => compiledRule({ seriesQuery: 'q', overrides }, 'custom', index);
    const series = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, ['namespace']]));
    const [first] = await outcomes({ custom: [rule(0), rule(1)] }, series);
    expect(first?.withoutMetric).toEqual([
      { cause: 'replaced', count: 4, examples: ['a', 'b', 'c'] },
    ]);
    const external = (index: number) =>
      compiledRule({ seriesQuery: 'q', overrides }, 'external', index);
    const replaced = await outcomes({ external: [external(0), external(1)] }, series);
    expect(replaced.map(noMetricsReason)).toEqual(['replaced', undefined]);
  });

  it('reports nothing if some series of a custom rule are excluded', async () => {
    const found = await outcome(
      { overrides, seriesFilters: [{ isNot: '^a' }], matches: '^[ab]' },
      { a: ['namespace'], b: ['namespace'], c: ['namespace'] },
    );
    expect(found.metrics).toBe(1);
    expect(noMetricsReason(found)).toBeUndefined();
    expect(explainOutcome(found)).toBeUndefined();
  });

  it('limits the number of labels', async () => {
    const labels = Array.from({ length: 500 }, (_, i) => `label_${String(i).padStart(3, '0')}`);
    const found = await outcome({ overrides }, { a: labels });
    expect(found.labels).toHaveLength(21);
    expect(explainOutcome(found)).toContain('label_019, ...; add an override');
    expect(explainOutcome(found)).not.toContain('label_020');
  });
});
