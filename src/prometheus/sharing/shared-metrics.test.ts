import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import type { QueryRequest } from '../../rules/query.ts';
import type { CompiledRule } from '../../rules/rule.ts';
import { createDemand } from './demand.ts';
import { createSharedMetrics } from './shared-metrics.ts';

const shareable = 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})';

/** Shared metrics of a rule; the executions of its template are counted. */
function sharedMetrics(metricsQuery = shareable) {
  const compiled = compiledRule({ metricsQuery });
  const count = { made: 0, demands: 0 };
  const rule: CompiledRule = {
    ...compiled,
    query: {
      ...compiled.query,
      for(request) {
        count.made += 1;
        return compiled.query.for(request);
      },
    },
  };
  const metrics = createSharedMetrics(() => {
    count.demands += 1;
    return createDemand(1000, () => 0);
  });
  const request = (path: string): QueryRequest => ({
    series: 'x',
    selector: [{ key: 'path', operator: '=', values: [path] }],
    objects: { label: 'pod', names: ['a', 'b'] },
    groupBy: ['pod'],
  });
  const findFor = (request: QueryRequest) =>
    metrics.find(compiled.query.for(request), { rule, request });
  return { count, request, find: (path: string) => findFor(request(path)), findFor };
}

describe('a metric with a selector', () => {
  it('is shared, unless the selector is too long', () => {
    const { find, request } = sharedMetrics();
    const metric = find('/checkout');
    expect(metric?.shared.promql).toBe('sum by (pod) (x{path="/checkout",pod!=""})');
    expect(metric?.request).toEqual(request('/checkout'));
    const { series, selector, groupBy } = request('');
    const empty = JSON.stringify([series, selector, undefined, 'pod', groupBy]).length;
    expect(find('/'.repeat(1024 - empty))).toBeDefined();
    expect(find('/'.repeat(1024 - empty + 1))).toBeUndefined();
  });

  it('is analysed once, for all its objects', () => {
    const { count, find, findFor, request } = sharedMetrics();
    const { demand } = find('/a') ?? {};
    const made = count.made;
    const other = findFor({ ...request('/a'), objects: { label: 'pod', names: ['c'] } });
    expect(other?.demand).toBe(demand);
    expect(count).toEqual({ made, demands: 1 });
    expect(find('/b')?.demand).not.toBe(demand);
    expect(count.demands).toBe(2);
  });

  it.each([
    ['series', { series: 'y' }],
    ['label of the namespace', { namespace: { label: 'ns', value: 'shop' } }],
    ['label of the objects', { objects: { label: 'po', names: ['a'] } }],
    ['grouping', { groupBy: ['pod', 'zone'] }],
  ] as const)('is another one with another %s', (_, change) => {
    const { count, find, findFor, request } = sharedMetrics();
    find('/a');
    const { made } = count;
    findFor({ ...request('/a'), ...change });
    expect(count.made).toBeGreaterThan(made);
  });

  it('is not shared if the query cannot be separated by object, which is analysed once', () => {
    const { count, find } = sharedMetrics('topk(1, x{<<.LabelMatchers>>})');
    expect(find('/a')).toBeUndefined();
    const { made } = count;
    expect(made).toBeGreaterThan(0);
    expect(find('/a')).toBeUndefined();
    expect(count).toEqual({ made, demands: 0 });
  });

  it('is not shared if the request has no objects, or another query', () => {
    const { find, findFor, request } = sharedMetrics();
    const { objects: _, ...without } = request('/a');
    expect(findFor(without)).toBeUndefined();
    const special = sharedMetrics(
      `<<if eq .LabelValuesByName.pod "a|b">>up<<else>>${shareable}<<end>>`,
    );
    expect(special.find('/a')).toBeUndefined();
    const of = (names: readonly string[]) =>
      special.findFor({ ...special.request('/a'), objects: { label: 'pod', names } });
    expect(of(['c'])).toBeDefined();
    expect(find('/a')).toBeDefined();
  });

  it('is cached together with 999 others of its rule', () => {
    const { count, find } = sharedMetrics();
    for (let i = 0; i < 1000; i += 1) find(`/${i}`);
    expect(find('/0')).toBeDefined();
    expect(find('/999')).toBeDefined();
    expect(count.demands).toBe(1000);
    find('/1000');
    expect(count.demands).toBe(1001);
    find('/1');
    expect(count.demands).toBe(1001);
    // The first one was removed from the cache.
    find('/0');
    expect(count.demands).toBe(1002);
    find('/2');
    expect(count.demands).toBe(1002);
  });
});
