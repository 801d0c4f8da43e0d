import { describe, expect, it } from 'vitest';
import { builtCatalog } from '../../test/fixtures/catalog.ts';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { qualifiedName } from '../apimachinery/cluster-resource.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/discovery/resource-mapper.ts';
import { formatMatchers } from '../promql/syntax/matcher.ts';
import { matchersOf } from '../rules/request-matchers.ts';
import type { CompiledRule } from '../rules/rule.ts';
import { shareQuery } from '../rules/shared-query.ts';
import { createCatalogBuilder } from './build-catalog.ts';
import { emptyCatalog } from './catalog.ts';
import type { RuleLists } from './required-labels.ts';
import type { SeriesSnapshot } from './series-snapshot.ts';

const mapper = builtinResourceMapper();
const overrides = { namespace: 'namespace', pod: 'pod', node: 'node' };

type Found = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

async function build(rules: RuleLists, found: Found) {
  const discovered = new Map(
    Object.entries(found).map(([seriesQuery, series]) => [
      seriesQuery,
      new Map(Object.entries(series).map(([name, labels]) => [name, new Set(labels)])),
    ]),
  );
  const { catalog, leftOut, ruleOutcomes } = await builtCatalog(rules, discovered, mapper);
  return {
    custom: catalog.customMetrics.map(
      ({ name, resource, series, resourceLabel, namespaceLabel }) =>
        `${qualifiedName(resource)}/${name} = ${series}{${[namespaceLabel, resourceLabel].filter(Boolean).join()}}`,
    ),
    external: catalog.externalMetrics.map(
      ({ name, series, namespaceLabel }) => `${name} = ${series}{${namespaceLabel ?? ''}}`,
    ),
    leftOut,
    catalog,
    ruleOutcomes,
  };
}

/** A rule that is a query in PromQL instead of a template: another implementation of `CompiledRule`. */
function promqlRule(name: string): CompiledRule {
  const labels: Readonly<Record<string, string>> = { namespaces: 'namespace', pods: 'pod' };
  const labelOf = ({ resource }: { readonly resource: string }) => labels[resource];
  return {
    kind: 'custom',
    origin: { source: 'file', file: 'rules.yaml', line: 1, field: 'metrics[0]' },
    seriesQuery: 'requests_total',
    namingOf: (series) => (series === 'requests_total' ? name : { excludedBy: 'series_filters' }),
    resources: {
      fixedLabels: Object.values(labels),
      readsOtherLabels: false,
      describedBy: (present, { resources }) =>
        resources.flatMap((resource) => {
          const label = labelOf(resource);
          return label !== undefined && [...present].includes(label) ? [{ label, resource }] : [];
        }),
      labelOf,
    },
    namespaced: true,
    sharing: true,
    query: {
      for: (request) =>
        `sum by (namespace, pod) (rate(requests_total{${formatMatchers(matchersOf(request))}}[2m]))`,
    },
  };
}

describe('buildCatalog', () => {
  it('serves a rule in another language than templates, and shares its query', async () => {
    const rule = promqlRule('requests_per_second');
    const { custom, catalog } = await build(
      { custom: [rule], external: [] },
      { requests_total: { requests_total: ['namespace', 'pod', 'code'] } },
    );
    expect(custom).toEqual([
      'namespaces/requests_per_second = requests_total{namespace}',
      'pods/requests_per_second = requests_total{namespace,pod}',
    ]);
    expect(catalog.customMetrics[0]?.rule).toBe(rule);
    const { shared } = shareQuery(rule.query, {
      series: 'requests_total',
      selector: [],
      namespace: { label: 'namespace', value: 'shop' },
      objects: { label: 'pod', names: ['web-0'] },
      groupBy: ['pod'],
    });
    expect(shared?.promql).toBe(
      'sum by (namespace, pod) (rate(requests_total{namespace!="",pod!=""}[2m]))',
    );
  });

  it('lists a metric for each kind of object that its series describe', async () => {
    const { custom } = await build(
      { custom: [compiledRule({ seriesQuery: 'load', overrides })], external: [] },
      { load: { load: ['namespace', 'pod', 'node', 'shard'] } },
    );
    expect(custom).toEqual([
      'namespaces/load = load{namespace}',
      'nodes/load = load{node}',
      'pods/load = load{namespace,pod}',
    ]);
  });

  it('uses the last rule with a metric, for each resource', async () => {
    const old = compiledRule({ seriesQuery: 'old', as: 'x', overrides });
    const newer = compiledRule({
      seriesQuery: 'new',
      as: 'x',
      overrides: { namespace: 'namespace' },
    });
    const { custom } = await build(
      { custom: [old, newer], external: [] },
      { old: { old: ['namespace', 'pod'] }, new: { new: ['namespace', 'pod'] } },
    );
    expect(custom).toEqual(['namespaces/x = new{namespace}', 'pods/x = old{namespace,pod}']);
  });

  it('processes the series of a rule in the order of their names', async () => {
    const rule = compiledRule({ seriesQuery: 'q', as: 'x', overrides });
    const { custom } = await build(
      { custom: [rule], external: [] },
      { q: { b: ['namespace', 'pod'], c: ['namespace'], a: ['namespace', 'pod'] } },
    );
    expect(custom).toEqual(['namespaces/x = c{namespace}', 'pods/x = b{namespace,pod}']);
  });

  it('does not list namespaced objects without a label for their namespace', async () => {
    const rule = compiledRule({ seriesQuery: 'q', overrides: { pod: 'pod', node: 'node' } });
    const { custom } = await build(
      { custom: [rule], external: [] },
      { q: { q: ['pod', 'node', 'namespace'] } },
    );
    expect(custom).toEqual(['nodes/q = q{node}']);
  });

  it('uses the namespace label that the template reads from the series', async () => {
    const rule = compiledRule({ seriesQuery: 'q', template: 'kube_<<.Resource>>' });
    const { custom } = await build(
      { custom: [rule], external: [] },
      { q: { q: ['kube_pods', 'kube_Namespace'] } },
    );
    expect(custom).toEqual([
      'namespaces/q = q{kube_Namespace}',
      'pods/q = q{kube_Namespace,kube_pods}',
    ]);
  });

  it('lists external metrics, and those without a namespace only if the rule is not namespaced', async () => {
    const { external } = await build(
      {
        custom: [],
        external: [
          compiledRule({ seriesQuery: 'a', overrides }, 'external'),
          compiledRule({ seriesQuery: 'b' }, 'external'),
          compiledRule({ seriesQuery: 'c', namespaced: false }, 'external'),
        ],
      },
      { a: { a: [] }, b: { b: [] }, c: { c: [] } },
    );
    expect(external).toEqual(['a = a{namespace}', 'c = c{}']);
  });

  it('leaves out and reports names that no request can have', async () => {
    const { custom, leftOut } = await build(
      {
        custom: [
          compiledRule({ seriesQuery: 'q', matches: 'q(x?)', overrides }),
          compiledRule({ seriesQuery: 'q', as: 'a/b', overrides }),
        ],
        external: [],
      },
      { q: { q: ['namespace'] } },
    );
    expect(custom).toEqual([]);
    expect(leftOut).toEqual([
      { series: 'q', name: '', why: 'it is empty' },
      { series: 'q', name: 'a/b', why: 'it has a "/"' },
    ]);
  });

  it('finds a metric by its name and resource only', async () => {
    const rule = compiledRule({ seriesQuery: 'load', overrides });
    const { catalog } = await build(
      { custom: [rule], external: [] },
      { load: { load: ['namespace', 'pod'] } },
    );
    const pods = mapper.find('', 'pods');
    const nodes = mapper.find('', 'nodes');
    if (pods === undefined || nodes === undefined) throw new Error('pods and nodes are built in');
    expect(catalog.custom('load', pods)?.series).toBe('load');
    expect(catalog.custom('load', nodes)).toBeUndefined();
    expect(catalog.custom('toString', pods)).toBeUndefined();
    expect(catalog.external('load')).toBeUndefined();
  });

  it('leaves out a series whose name could inject PromQL', async () => {
    const found = {
      load: { 'load{namespace="other"} or up #': ['namespace'], 'http-requests': ['namespace'] },
    };
    const cutting = '<<slice .Series 0 4>>{<<.LabelMatchers>>}';
    const bare = await build(
      {
        custom: [compiledRule({ seriesQuery: 'load', overrides, metricsQuery: cutting })],
        external: [],
      },
      found,
    );
    expect(bare.custom).toEqual([]);
    expect(bare.leftOut.map(({ why }) => why)).toEqual([
      expect.stringContaining('needs quotes in PromQL'),
      expect.stringContaining('needs quotes in PromQL'),
    ]);
    const metricsQuery = 'sum({<<printf "%q" .Series>>,<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    const quoting = compiledRule({ seriesQuery: 'load', overrides, metricsQuery });
    expect(await build({ custom: [quoting], external: [] }, found)).toMatchObject({
      custom: [
        'namespaces/http-requests = http-requests{namespace}',
        expect.stringContaining('namespaces/load{namespace="other"} or up #'),
      ],
      leftOut: [],
    });
  });

  it('pauses in each loop when its slice is over, and only then', async () => {
    const rules = {
      custom: [compiledRule({ seriesQuery: 'q', overrides })],
      external: [compiledRule({ seriesQuery: 'q', overrides }, 'external')],
    };
    const names = [...'abcdefghij'];
    const known = new Map([
      ['q', { names, labels: names.map(() => new Set(['namespace', 'pod'])), otherLabels: [] }],
    ]);
    const make = () => createCatalogBuilder()({ rules, known, mapper });
    expect(await turnsDuring('still', make)).toBe(0);
    // The names of 10 series and their metrics, for each rule; 20 custom metrics in the catalog;
    // 20 custom and 10 external ones to be counted. The first step begins the first slice.
    expect(await turnsDuring('fast', make)).toBe(20 + 20 + 20 + 30 - 1);
  });

  it('maps a set of labels once for any number of series', async () => {
    const rule = compiledRule({ seriesQuery: 'q', overrides });
    let asked = 0;
    const { resources } = rule;
    const counted = {
      ...rule,
      resources: {
        ...resources,
        describedBy: (...args: Parameters<typeof resources.describedBy>) => {
          asked += 1;
          return resources.describedBy(...args);
        },
      },
    };
    const { custom } = await build(
      { custom: [counted], external: [] },
      { q: { a: ['namespace'], b: ['namespace'], c: ['namespace', 'pod'] } },
    );
    expect(custom).toHaveLength(4);
    expect(asked).toBe(2);
  });

  it('has no metrics of a rule whose query found nothing', async () => {
    const rules = { custom: [compiledRule({ seriesQuery: 'q', overrides })], external: [] };
    const { catalog, ruleOutcomes } = await createCatalogBuilder()({
      rules,
      known: new Map(),
      mapper,
    });
    expect(catalog.customMetrics).toEqual([]);
    expect(ruleOutcomes).toEqual([
      {
        rule: rules.custom[0],
        series: 0,
        metrics: 0,
        withoutMetric: [],
        labels: [],
        namespaceLabel: 'namespace',
      },
    ]);
  });

  it('reports known labels other than those of the series found', async () => {
    const rules = { custom: [compiledRule({ seriesQuery: 'q', overrides })], external: [] };
    const known = new Map([
      ['q', { names: ['q'], labels: [new Set(['job'])], otherLabels: ['instance', 'job'] }],
    ]);
    const { ruleOutcomes } = await createCatalogBuilder()({ rules, known, mapper });
    expect(ruleOutcomes).toMatchObject([{ labels: ['instance', 'job'] }]);
  });

  it('lists resources in the order of `<resource>/<metric>`, and names in alphabetical order', async () => {
    const rule = compiledRule({
      seriesQuery: 'q',
      overrides: { namespace: 'namespace', job: 'jobs.batch', jobset: 'jobs.example.com' },
    });
    const other = compiledRule({ seriesQuery: 'q', as: 'a', overrides }, 'external');
    const another = compiledRule({ seriesQuery: 'q', as: 'B', overrides }, 'external');
    const jobs = { version: 'v1', resource: 'jobs', singular: 'job', kind: 'Job' };
    const known = new Map([
      [
        'q',
        {
          names: ['b', 'c'],
          labels: [new Set(['namespace', 'job']), new Set(['jobset', 'namespace'])],
          otherLabels: [],
        },
      ],
    ]);
    const { catalog } = await createCatalogBuilder()({
      rules: { custom: [rule], external: [other, another] },
      known,
      mapper: createResourceMapper([
        ...mapper.resources,
        { ...jobs, group: 'example.com', namespaced: true },
      ]),
    });
    expect(
      catalog.customMetrics.map(({ resource, name }) => `${qualifiedName(resource)}/${name}`),
    ).toEqual(['jobs.batch/b', 'jobs.example.com/c', 'namespaces/b', 'namespaces/c']);
    expect(catalog.externalMetrics.map(({ name }) => name)).toEqual(['B', 'a']);
    expect(catalog.external('a')).toBe(catalog.externalMetrics[1]);
    expect(Object.isFrozen(catalog) && Object.isFrozen(catalog.customMetrics)).toBe(true);
  });
});

it('starts with an empty catalog', () => {
  expect(emptyCatalog).toMatchObject({ customMetrics: [], externalMetrics: [] });
});

describe('createCatalogBuilder', () => {
  const series = (...names: readonly string[]): SeriesSnapshot => ({
    names,
    labels: names.map(() => new Set(['namespace'])),
    otherLabels: [],
  });
  const [a, b] = ['a', 'b'].map((seriesQuery) => compiledRule({ seriesQuery, overrides }));

  it('reuses the catalog for equal inputs, and rebuilds it otherwise', async () => {
    if (a === undefined || b === undefined) throw new Error('there are two rules');
    const parts = {
      rules: { custom: [a], external: [] },
      known: new Map([
        ['a', series('a')],
        ['b', series('b')],
      ]),
      mapper,
    };
    const { known } = parts;
    const build = createCatalogBuilder();
    const first = await build(parts);
    const same = { custom: [...parts.rules.custom], external: [] };
    expect(await build({ ...parts, rules: same, known: new Map(known) })).toBe(first);
    for (const other of [
      { ...parts, known: new Map(known).set('a', series('a', 'aa')) },
      { ...parts, known: new Map(known).set('b', series('b', 'bb')) },
      { ...parts, known: new Map(known).set('c', series('c')) },
      { ...parts, known: new Map([...known].slice(0, 1)) },
      { ...parts, rules: { custom: [a, b], external: [] } },
      { ...parts, rules: { custom: [b], external: [] } },
      { ...parts, rules: { custom: [], external: [] } },
      { ...parts, rules: { custom: [a], external: [b] } },
      { ...parts, mapper: builtinResourceMapper() },
    ]) {
      const build = createCatalogBuilder();
      const before = await build(parts);
      expect(await build(other)).not.toBe(before);
    }
  });

  it('distinguishes namespaces from resources of the same name in other groups', async () => {
    const namespaces = mapper.find('', 'namespaces');
    if (namespaces === undefined) throw new Error('namespaces are built in');
    const alike = createResourceMapper([
      ...mapper.resources,
      { ...namespaces, group: 'example.com', namespaced: false },
    ]);
    const rule = compiledRule({
      seriesQuery: 'q',
      overrides: { other: 'namespaces.example.com', namespace: 'namespace', pod: 'pod' },
    });
    const known = {
      names: ['q'],
      labels: [new Set(['other', 'namespace', 'pod'])],
      otherLabels: [],
    };
    const { catalog } = await createCatalogBuilder()({
      rules: { custom: [rule], external: [] },
      known: new Map([['q', known]]),
      mapper: alike,
    });
    const pods = mapper.find('', 'pods');
    expect(pods && catalog.custom('q', pods)?.namespaceLabel).toBe('namespace');
  });
});
