import { describe, expect, it } from 'vitest';
import { separateByObject } from './separability.ts';

const SELECTOR = 'x{namespace="shop",pod="a"}';

/** What is found about a query, in which `S` stands for a selector of what is asked for. */
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
  ])('takes %s', (query) => {
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
    ['absent(S)', 'gives a sample for what is not there'],
    ['sum by (pod) (absent_over_time(S[5m]))', 'gives a sample for what is not there'],
    ['sum by (pod) (S) * scalar(S)', 'makes one number of all samples'],
    ['sum by (pod) (S) or vector(0)', 'gives a sample of no object'],
    ['sum by (pod) (S) * on () group_left () hour()', 'gives a sample of no object'],
    ['sum by (pod) (S * on (container) S)', '`on` lets the samples of different objects meet'],
    ['sum by (pod) (S / ignoring (pod) S)', '`ignoring` lets the samples'],
    ['sum by (pod) (S / ignoring (namespace) S)', 'takes away the label `namespace`'],
    ['sum by (pod) (S * on (namespace, pod) sum by (pod) (S))', 'only one side'],
    ['sum by (pod) (S) + sum by (pod, namespace) (S)', 'only one side'],
    ['sum by (pod) (S) or max by (pod, namespace) (S)', 'only one side'],
    ['sum by (pod) (y)', '`y` is not limited to the objects asked for'],
    ['sum by (pod) (y{pod="a"})', '`y` is not limited to the namespace asked for'],
    ['sum by (pod) (y{namespace="shop",pod!="a"})', 'not limited to the objects'],
    ['sum by (pod) ({namespace="shop",pod="a"})', 'names no metric'],
    ['sum by (pod) (label_replace(S, "pod", "x", "pod", ".*"))', 'changes the label `pod`'],
    ['sum by (pod) (label_join(S, "t", "-", "namespace"))', 'reads the label `namespace`'],
    ['sum by (pod) (S @ 5)', 'is not looked into'],
    ['sum by (pod) (S + S offset 5m)', 'needs parentheses'],
    ['max by (pod) (info(S))', '`info` is not looked into'],
    ['1', 'a number of no object'],
    ['sum by (pod) (S', 'could not be parsed'],
    ['sum by (pod) (S[5m])', 'could not be parsed'],
    [`${'('.repeat(300)}S${')'.repeat(300)}`, 'nested too deep'],
  ])('refuses %s', (query, because) => {
    expect(reason(query)).toContain(because);
  });

  it('finds the places to open', () => {
    const { text, found } = separate('sum by (pod) (S) / on (pod) sum(S) by (pod)');
    if (!found.separable) throw new Error(found.reason);
    const written = ({ from, to }: { from: number; to: number }) => text.slice(from, to);
    expect(found.objectMatchers.map(written)).toEqual(['pod="a"', 'pod="a"']);
    expect(found.namespaceMatchers.map(written)).toEqual(Array(2).fill('namespace="shop"'));
    expect(found.groupings.map((offset) => text.slice(offset - 1, offset + 4))).toEqual(
      Array(3).fill('(pod)'),
    );
  });

  it('needs no namespace where the objects have none', () => {
    const { found } = separate('sum by (pod) (S)', false);
    expect(found).toMatchObject({ separable: true, namespaceMatchers: [], groupings: [] });
  });

  it('refuses one label for object and namespace', () => {
    const label = { label: 'pod', value: 'a' };
    const text = 'sum by (pod) (x{pod="a"})';
    expect(separateByObject({ text, object: label, namespace: label }).separable).toBe(false);
  });
});
