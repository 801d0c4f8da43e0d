import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../syntax/functions.ts';
import { separateByObject } from './separability.ts';

const SELECTOR = 'x{namespace="shop",pod="a"}';

/** The result for a query, in which `S` stands for the selector of the requested objects. */
function separate(query: string, isNamespaced = true) {
  const text = query.replaceAll(/\bS\b/g, isNamespaced ? SELECTOR : 'x{pod="a"}');
  const found = separateByObject({
    text,
    object: { label: 'pod', value: 'a' },
    ...(isNamespaced && { namespace: { label: 'namespace', value: 'shop' } }),
  });
  return { text, found };
}

function reason(query: string): string {
  const { found } = separate(query);
  return found.separable ? 'separable' : found.reason;
}

describe('separateByObject', () => {
  it.each([
    'sum by (pod) (S)',
    'SUM(rate(S[2m])) BY (pod)',
    'sum by (pod) (rate(S[2m] offset 1h)) / sum by (pod) (S) * 100 > 5',
    'avg by (pod) (S * on (pod) group_left (team) sum by (pod, team) (S))',
    'avg by (pod) (S * on (pod, container) S) or max by (pod) (S)',
    'max by (namespace, pod) (S) unless on (pod) min by (pod) (S)',
    'histogram_quantile(0.9, sum by (le, pod) (rate(S[5m])))',
    'quantile by (pod) (0.5, S)',
    'clamp_max(-count by (pod) (S), 3) - time()',
    'max_over_time(sum by (pod) (rate(S[1m]))[10m:1m])',
    'sum by (pod) (label_replace(S, "team", "$1", "pod", "(.*)-.*"))',
    'sum by (pod) (sum without (container) (S))',
    'sum by (pod) ({__name__="y",namespace=~"shop",pod=~\'a\'})',
    '((sum(S) by ("pod")))',
    'max by (pod) (sum by (pod) (S) or sum by (pod, container) (S))',
    'sum by (pod) (abs(sum by (pod, le) (S) or sum by (pod, container) (S)) * 2)',
    'sum by (pod) (S * on (pod) group_left (team, tier) sum by (pod, team) (S))',
    'sum by (pod) (sum by (pod, team) (S) * on (pod) group_right (team) S)',
    'sum by (pod) (label_join(S, "t", "-", "container", "pod"))',
    'sum by (pod) (label_replace(S, "t", "$1", "container", "(.*)"))',
    'sum by (namespace, pod) (S) > bool sum by (namespace, pod) (S)',
    'sum by (pod) (S) > on (pod) sum by (pod) (S)',
    'S / on (pod) sum by (pod) (S)',
    'S / sum by (namespace, pod) (S)',
    'S > bool sum by (namespace, pod) (S)',
    'sum by (namespace, pod) (S) / ignoring (container) S',
    'sum by (pod) (S) and on (pod) S',
    'sum by (namespace, pod) (S) or sum by (pod, namespace) (S offset 5m)',
    'max_over_time(S[5m]) * on (pod, namespace) sum by (pod, namespace) (S)',
    'sum by (pod) (S > S)',
    'sum by (pod) ((S > sum by (namespace, pod) (S)) or on (pod, namespace, __name__) S)',
    'pi() * sum by (pod) (S) ^ 2 - 1',
    'sum by (namespace, pod) (S) > sum by (namespace, pod) (S)',
    'sum by (pod) (label_replace(S, "t", "namespace", "a", "namespace"))',
    'sum by (pod) (label_join(S, "t", "namespace", "a"))',
    '(sum by (namespace, pod) (S) * on (pod, namespace) S) or sum by (namespace, pod) (S)',
    '(sum by (pod) (S) * on (pod, namespace) sum by (pod) (S)) or sum by (pod) (S)',
  ])('accepts %s', (query) => {
    expect(reason(query)).toBe('separable');
  });

  it.each([
    ['S', 'several samples'],
    ['sum by (pod, container) (S)', 'several samples'],
    ['sum by (pod) (S) or sum by (pod, container) (S)', 'several samples'],
    ['sum(S)', '`sum` is not grouped by `pod`'],
    ['sum by (container) (S)', '`sum` is not grouped by `pod`'],
    ['sum without (pod) (S)', '`sum` is not grouped by `pod`'],
    ['sum by (pod) (sum without (namespace) (S))', 'takes away the label `namespace`'],
    ['topk(1, S)', '`topk`'],
    ['count_values by (pod) ("pod", S)', '`count_values`'],
    ['absent(S)', 'returns a sample for missing series'],
    ['sum by (pod) (absent_over_time(S[5m]))', 'returns a sample for missing series'],
    ['sum by (pod) (S) * scalar(S)', 'returns one number for all samples'],
    ['sum by (pod) (S) or vector(0)', 'returns a sample without an object'],
    ['sum by (pod) (S) * on () group_left () hour()', 'returns a sample without an object'],
    ['sum by (pod) (S * on (container) S)', '`on` matches samples of different objects'],
    ['sum by (pod) (S / ignoring (pod) S)', '`ignoring` matches samples'],
    ['sum by (pod) (S / ignoring (namespace) S)', 'takes away the label `namespace`'],
    ['sum by (pod) (S * on (namespace, pod) sum by (pod) (S))', 'only one side'],
    ['sum by (pod) (S) + sum by (pod, namespace) (S)', 'only one side'],
    ['sum by (pod) (S) or max by (pod, namespace) (S)', 'only one side'],
    ['sum by (pod) (S) or sum by (pod, __name__) (S)', 'several samples'],
    ['(sum by (pod) (S) or sum by (pod, container) (S)) * 2', 'several samples'],
    ['abs(sum by (pod) (S) or sum by (pod, container) (S))', 'several samples'],
    ['abs(sum by (pod, container) (S) or sum by (pod) (S))', 'several samples'],
    [
      'sum by (pod) (S) unless (sum by (pod) (S) or vector(0))',
      'returns a sample without an object',
    ],
    ['sum by (pod, container) (S) and on (pod) sum by (pod) (S)', 'several samples'],
    ['sum by (pod) (label_join(S, "t", "-", "container", "namespace"))', 'reads the label `names'],
    [
      'sum by (pod) (label_join(S, "t", "-", "a", "b", "namespace"))',
      'reads the label `namespace`',
    ],
    ['sum by (pod) (label_join(S, "pod", "-", "container"))', 'changes the label `pod`'],
    ['sum by (pod) (label_join(S, "namespace", "-", "a"))', 'changes the label `namespace`'],
    ['sum by (pod) (label_join(S, "__name__", "-", "a"))', 'changes the label `__name__`'],
    ['sum by (pod) (label_replace(S, "__name__", "x", "a", ""))', 'changes the label `__name__`'],
    ['sum by (pod) (label_replace(S, "a", "$1", "namespace", ".*"))', 'reads the label `namespa'],
    ['sum by (pod) (label_replace(S, "namespace", "x", "a", ""))', 'changes the label `namesp'],
    ['label_replace(sum by (pod) (S), "a", "x", "pod", ".*")', 'several samples'],
    ['sum by (pod) (S * on (pod) group_left (namespace) sum by (pod, namespace) (S))', 'changes'],
    ['S * on (pod) group_left (namespace) S', 'changes the label of the object or its namespace'],
    ['S * on (pod) group_right (namespace) S', 'changes the label of the object or its namespace'],
    ['S * ignoring (a) group_left (pod) S', 'changes the label of the object or its namespace'],
    ['sum by (pod) (S) * on (pod) group_left (team) sum by (pod, team) (S)', 'several samples'],
    ['sum by (pod) (S) * on (pod) group_right () sum by (pod, team) (S)', 'several samples'],
    ['sum by (pod, team) (S) * on (pod) group_left () sum by (pod) (S)', 'several samples'],
    ['S > sum by (namespace, pod) (S)', 'several samples'],
    ['max_over_time((S == sum by (namespace, pod) (S))[5m:1m])', 'several samples'],
    ['sum by (pod, container) (S) / on (pod, container) sum by (pod, container) (S)', 'several'],
    ['sum by (pod, a) (S) / ignoring (b) sum by (pod, a) (S)', 'several samples'],
    ['S + S', 'several samples'],
    ['(S * on (pod) S) or sum by (namespace, pod) (S)', 'only one side'],
    ['(sum by (pod) (S) * on (namespace, pod) sum by (pod) (S)) or S', 'only one side'],
    ['sum by (namespace, pod) (sum by (pod) (S)) or S', 'only one side'],
    ['(sum by (pod) (S) or sum by (pod) (S)) or S', 'only one side'],
    ['sum by (pod, container) (S) unless on (pod) S', 'several samples'],
    ['sum by (pod) (y{namespace="shop",pod="b"})', 'not limited to the requested objects'],
    ['sum by (pod) (y{namespace="shop",container="a"})', 'not limited to the requested objects'],
    ['sum by (pod) (y{namespace="bank",pod="a"})', 'not limited to the requested namespace'],
    ['sum by (pod) (y{pod="a",container="shop"})', 'not limited to the requested namespace'],
    ['sum by (pod) ({namespace="shop",pod="b",__name__="y"})', 'a selector is not limited'],
    ['sum by (pod) ({namespace="shop",pod="a",__name__=~"y"})', 'has no metric name'],
    ['sum by (pod) (S\n @  5)', '`x{namespace="shop",pod="a"} @ 5` is not analyzed'],
    [
      'sum by (pod) (x{namespace="shop",pod="a",container="a-long-name-of-a-container"} @ 5)',
      '`x{namespace="shop",pod="a",container="a-long-name-of-a-conta…` is not analyzed',
    ],
    ['S / on (container) group_left () S', '`on` matches samples of different objects'],
    ['sum by (pod) (S) or on () sum by (pod) (S)', '`on` matches samples of different objects'],
    ['sum by (pod) (S) unless on (namespace, pod) S', 'only one side'],
    ['sum by (pod) (S) and ignoring (namespace) S', 'takes away the label `namespace`'],
    ['sum by (pod) (S) and sum by (pod, namespace) (S)', 'only one side of an operator'],
    ['sum by (pod) (S) or on (pod) S', 'only one side of `or`'],
    ['sum by (pod) (S + fill (0) S)', '`fill` returns a sample for missing series'],
    ['sum by (pod) (S + on (pod) fill_left (0) S)', '`fill` returns a sample for missing series'],
    ['sum by (pod) (S) + scalar(sum(S))', '`sum` is not grouped by `pod`'],
    ['quantile by (pod) (scalar(sum by (pod) (S)), S)', 'returns one number for all samples'],
    ['sum without (container) (S)', 'several samples'],
    ['sum without (a, n, y) (S)', 'several samples'],
    ['sum without (a, n, y) (S or sum by (pod, namespace) (S))', 'several samples'],
    ['sum without (a, n, y) (sum by (pod, namespace) (S) or S)', 'several samples'],
    ['sum without (pod, container) (S)', 'not grouped by `pod`'],
    ['sum by (pod) (bottomk by (pod) (1, S))', '`bottomk`'],
    ['sum by (pod) (limitk by (pod) (1, S))', '`limitk`'],
    ['histogram_quantile(0.9, sum by (pod, le, a) (S))', 'several samples'],
    ['sum by (pod) (S) * on (pod) 1', 'could not be parsed'],
    ['sum by (pod) (-S[5m:1m])', 'could not be parsed'],
    ['sum by (pod) (max_over_time(-S[5m:1m]))', 'could not be parsed'],
    ['sum by (pod) (rate(S[5m] @ end()))', 'is not analyzed'],
    ['sum by (pod) (sort_by_label(S, "pod"))', '`sort_by_label` is not analyzed'],
    ['"a"', 'is not analyzed'],
    ['time()', 'a number without an object'],
    ['sum by (pod) (y)', '`y` is not limited to the requested objects'],
    ['sum by (pod) (y{pod="a"})', '`y` is not limited to the requested namespace'],
    ['sum by (pod) (y{namespace="shop",pod!="a"})', 'not limited to the requested objects'],
    ['sum by (pod) ({namespace="shop",pod="a"})', 'has no metric name'],
    ['sum by (pod) (label_replace(S, "pod", "x", "pod", ".*"))', 'changes the label `pod`'],
    ['sum by (pod) (label_join(S, "t", "-", "namespace"))', 'reads the label `namespace`'],
    ['sum by (pod) (S @ 5)', 'is not analyzed'],
    ['sum by (pod) (S + S offset 5m)', 'needs parentheses'],
    ['max by (pod) (info(S))', '`info` is not analyzed'],
    ['1', 'a number without an object'],
    ['sum by (pod) (S', 'could not be parsed'],
    ['sum by (pod) (S[5m])', 'could not be parsed'],
    [`${'('.repeat(300)}S${')'.repeat(300)}`, 'nested too deep'],
  ])('rejects %s', (query, because) => {
    expect(reason(query)).toContain(because);
  });

  it('returns the matchers to open', () => {
    const { text, found } = separate('sum by (pod) (S) / on (pod) sum(S) by (pod)');
    if (!found.separable) throw new Error(found.reason);
    const written = ({ from, to }: { from: number; to: number }) => text.slice(from, to);
    expect(found.objectMatchers.map(written)).toEqual(['pod="a"', 'pod="a"']);
    expect(found.namespaceMatchers.map(written)).toEqual(Array(2).fill('namespace="shop"'));
    expect(found.groupings.map((offset) => text.slice(offset - 1, offset + 4))).toEqual(
      Array(3).fill('(pod)'),
    );
  });

  it('needs no namespace if the objects have none', () => {
    const { found } = separate('sum by (pod) (S)', false);
    expect(found).toMatchObject({ separable: true, namespaceMatchers: [], groupings: [] });
  });

  it.each([
    'sum by (pod) (S * on (pod) group_left (namespace) S)',
    'sum by (pod) (S / ignoring (namespace) S)',
    'sum by (pod) (sum without (namespace) (S))',
    'sum by (pod) (label_replace(S, "namespace", "$1", "a", "(.*)"))',
    'sum by (pod) (label_join(S, "t", "-", "namespace"))',
    'sum by (pod) (S) or on (pod) sum by (pod) (S)',
    'sum by (pod) (S * on (namespace, pod) sum by (pod) (S))',
    'S / on (pod) S',
  ])('accepts %s for objects without a namespace', (query) => {
    const { found } = separate(query, false);
    expect(found).toMatchObject({ separable: true, namespaceMatchers: [], groupings: [] });
  });

  it.each([
    'sum by (pod, namespace) (S)',
    'sum by (pod) (S) / on (pod) group_left (namespace) sum by (pod, namespace) (S)',
    'S',
  ])('rejects %s for objects without a namespace', (query) => {
    expect(separate(query, false).found).toMatchObject({
      reason: expect.stringContaining('several samples'),
    });
  });

  it('does not change label lists that keep the namespace', () => {
    const { found } = separate(
      'sum by (namespace, pod) (S / ignoring (container) group_left () sum without (le) (S))',
    );
    expect(found).toMatchObject({ separable: true, groupings: [] });
  });

  it('accepts every function that maps samples one to one', () => {
    const refusedFunctions = [...FUNCTIONS].flatMap(([name, { parameters, result, least }]) => {
      const [first] = parameters;
      const of = { vector: 'S', matrix: 'S[5m]', scalar: '1', string: '"a"' };
      const given = parameters.slice(0, Math.max(least, 1)).map((type) => of[type]);
      const isOfSeries = result === 'vector' && parameters.some((type) => type !== 'scalar');
      const taken = reason(`max by (pod) (${name}(${given.join(', ')}))`) === 'separable';
      return first === undefined || !isOfSeries || taken ? [] : [name];
    });
    expect(refusedFunctions.sort()).toEqual([
      ...['absent', 'absent_over_time', 'histogram_fraction', 'histogram_quantiles'],
      ...['histogram_stddev', 'histogram_stdvar', 'info', 'integral', 'sort_by_label'],
      ...['sort_by_label_desc', 'start_timestamp', 'ts_of_first_over_time', 'ts_of_last_over_time'],
      ...['ts_of_max_over_time', 'ts_of_min_over_time'],
    ]);
  });

  it('removes no label that identifies an object', () => {
    const le = { label: 'le', value: 'a' };
    const text = 'histogram_quantile(0.9, sum by (le) (x{le="a"}))';
    const found = separateByObject({ text, object: le });
    expect(found).toMatchObject({ reason: '`histogram_quantile` changes the label `le`' });
  });

  it('rejects the same label for object and namespace', () => {
    const label = { label: 'pod', value: 'a' };
    const text = 'sum by (pod) (x{pod="a"})';
    expect(separateByObject({ text, object: label, namespace: label }).separable).toBe(false);
  });
});
