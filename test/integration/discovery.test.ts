import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import type { RuleLists } from '../../src/catalog/required-labels.ts';
import { builtinResources } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../../src/kubernetes/discovery/resource-mapper.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import type { FinishedRequest } from '../../src/prometheus/client/options.ts';
import { checkSeriesSelector } from '../../src/promql/series-selector.ts';
import { formatMatchers, type LabelMatcher } from '../../src/promql/syntax/matcher.ts';
import {
  prometheusServer,
  startPrometheusWith,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { discoveryRound, type RoundResult } from './discovery-round.ts';

const NOW = Math.floor(Date.now() / 1000);
const START = NOW - 600;

/** With resources whose labels are alike, one of them in no namespace. */
const mapper = createResourceMapper([
  ...builtinResources(),
  {
    group: 'shop.example.com',
    version: 'v1',
    resource: 'carts',
    singular: 'cart',
    kind: 'Cart',
    namespaced: true,
  },
  {
    group: 'shop.example.com',
    version: 'v1',
    resource: 'brands',
    singular: 'brand',
    kind: 'Brand',
    namespaced: false,
  },
]);

const NAMES = ['load', 'load_total', 'work_jobs', 'work_items', 'work:rate5m', 'shop_stock'];

/** Labels of objects by their own name, by templates, several of one resource, and of no meaning. */
const LABELS = [
  ...['namespace', 'ns', 'pod', 'pod_name', 'node', 'cart', 'brand', 'shard', 'on'],
  ...['kube_namespace', 'kube_pod', 'kube_pods', 'kube_Node', 'kube_cart', 'kube_brands', 'kube_x'],
  ...['obj__pod', 'obj_apps_deployment', 'obj_shop_example_com_cart'],
];

const seriesArbitrary = fc.record({
  name: fc.constantFrom(...NAMES),
  labels: fc.dictionary(fc.constantFrom(...LABELS), fc.constantFrom('a', 'b'), {
    minKeys: 2,
    maxKeys: 8,
  }),
});

/** Some forty series, the same in every run, each with a sample a minute ago. */
function history(): string {
  const series = fc.sample(seriesArbitrary, { numRuns: 40, seed: 7 }).map(({ name, labels }) => {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return `${name}{${pairs.toSorted().join(',')}}`;
  });
  const only = 'lonely{namespace="a",pod="b",shard="c"}';
  return [
    ...[...new Set([...series, only])].map((each) => `${each} 1 ${NOW - 60}`),
    '# EOF\n',
  ].join('\n');
}

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

let server: RunningPrometheus;
let client: PrometheusClient;
const requests: FinishedRequest[] = [];

beforeAll(async () => {
  server = await startPrometheusWith(history());
  client = createPrometheusClient({
    url: server.url,
    onRequest: (request) => requests.push(request),
  });
});

afterAll(async () => {
  client?.close();
  await server?.stop();
});

function round(rules: Partial<RuleLists>, mode: 'series' | 'labels' | 'auto') {
  requests.length = 0;
  const lists = { custom: [], external: [], ...rules };
  return discoveryRound({ source: client, rules: lists, mapper, mode, start: START });
}

const matcherArbitrary: fc.Arbitrary<LabelMatcher> = fc.oneof(
  fc.record({
    name: fc.constantFrom(...LABELS),
    operator: fc.constantFrom('!=' as const, '=~' as const),
    value: fc.constantFrom('', '.*', '.+', 'a', 'a|b'),
  }),
  fc.record({
    name: fc.constantFrom('__name__'),
    operator: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom('work.*', 'load|load_total', '.*_total', 'shop_stock', 'lonely|load'),
  }),
  fc.record({
    name: fc.constantFrom('__name__'),
    operator: fc.constantFrom('=' as const),
    value: fc.constantFrom('load', 'lonely', 'nothing_of_this_name'),
  }),
);

const seriesQueryArbitrary = fc
  .record({
    name: fc.constantFrom('', '', '', 'load', 'work_jobs', 'lonely', 'nothing_of_this_name'),
    matchers: fc.array(matcherArbitrary, { maxLength: 2 }),
  })
  .map(({ name, matchers }) => `${name}{${formatMatchers(matchers)}}`)
  .filter((text) => checkSeriesSelector(text).length === 0);

const overridesArbitrary = fc.dictionary(
  fc.constantFrom(...LABELS.slice(0, 12), 'absent', '__name__'),
  fc.constantFrom('namespace', 'pod', 'pods', 'node', 'cart', 'brand.shop.example.com', 'unheard'),
  { minKeys: 1, maxKeys: 6 },
);

const ruleArbitrary = fc.record({
  overrides: overridesArbitrary,
  template: fc.constantFrom('', '', 'kube_<<.Resource>>', 'obj_<<.Group>>_<<.Resource>>'),
  seriesFilters: fc.constantFrom([], [{ is: '^work' }], [{ isNot: 'total$' }]),
  as: fc.constantFrom('', '', 'same'),
  namespaced: fc.boolean(),
});

const rulesArbitrary: fc.Arbitrary<RuleLists> = fc
  .record({
    // Few, so that rules share some.
    queries: fc.array(seriesQueryArbitrary, { minLength: 1, maxLength: 3 }),
    custom: fc.array(fc.tuple(ruleArbitrary, fc.nat()), { minLength: 1, maxLength: 4 }),
    external: fc.array(fc.tuple(ruleArbitrary, fc.nat()), { maxLength: 2 }),
  })
  .map(({ queries, custom, external }) => {
    const compiled = (kind: 'custom' | 'external') =>
      (kind === 'custom' ? custom : external).map(([rule, at]) =>
        compiledRule({ ...rule, seriesQuery: queries[at % queries.length] ?? 'load' }, kind),
      );
    return { custom: compiled('custom'), external: compiled('external') };
  });

const overrides = { namespace: 'namespace', pod: 'pod' };

describe.each(servers)('discovery by labels, with $name,', ({ start, isMissing, product }) => {
  test.skipIf(isMissing)(
    'gives the catalog that listing the series gives',
    async () => {
      const running = await start(history());
      const source = createPrometheusClient({ url: running.url });
      const roundOf = (rules: RuleLists, mode: 'series' | 'labels' | 'auto') =>
        discoveryRound({ source, rules, mapper, mode, start: START });
      try {
        // VictoriaMetrics refuses `a{__name__="b"}`, which Prometheus takes as a selector of series.
        await expectEqualCatalogs(roundOf, product === 'VictoriaMetrics');
        const { strategies } = await roundOf({ custom: [compiledRule({})], external: [] }, 'auto');
        expect(strategies).toMatchObject([{ strategy: 'labels' }]);
      } finally {
        source.close();
        await running.stop();
      }
    },
    120_000,
  );
});

/** The series queries that the server refuses. */
function refusedIn({ outcomes }: RoundResult): readonly string[] {
  return outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.seriesQuery] : []));
}

/** Compares the results of discovery by labels and by series, for any rules. */
async function expectEqualCatalogs(
  roundOf: (rules: RuleLists, mode: 'series' | 'labels') => Promise<RoundResult>,
  refusesNamesTwice: boolean,
): Promise<void> {
  const seen = { served: 0, byLabels: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(rulesArbitrary, async (rules) => {
      const bySeries = await roundOf(rules, 'series');
      const byLabels = await roundOf(rules, 'labels');
      expect(byLabels.served).toEqual(bySeries.served);
      expect(refusedIn(byLabels)).toEqual(refusedIn(bySeries));
      seen.refused += refusedIn(byLabels).length;
      seen.served += byLabels.served.length;
      seen.byLabels += byLabels.outcomes.filter(
        (outcome) => 'found' in outcome && outcome.strategy === 'labels',
      ).length;
    }),
    { numRuns: 300, seed: 11 },
  );
  // Enough of both, or else this would show nothing.
  expect(seen.served).toBeGreaterThan(500);
  expect(seen.byLabels).toBeGreaterThan(300);
  expect(seen.refused > 0).toBe(refusesNamesTwice);
}

describe('discovery by labels', () => {
  test('is chosen with this server', async () => {
    const { strategies } = await round({ custom: [compiledRule({ seriesQuery: 'load' })] }, 'auto');
    expect(strategies).toMatchObject([{ strategy: 'labels' }]);
    expect(
      requests
        .map(({ endpoint }) => endpoint)
        .slice(0, 2)
        .toSorted(),
    ).toEqual(['label_values', 'labels']);
  });

  const template = 'kube_<<.Resource>>';

  test.each([
    ['names only, for external rules', '{__name__=~".+"}', 'external', {}, ['label_values']],
    ['one request for one name', 'lonely', 'custom', { overrides }, ['labels']],
    ['one request for one name with a template', 'lonely', 'custom', { template }, ['labels']],
    [
      'names only, where the query demands all labels that matter',
      '{__name__=~".+",namespace!="",pod=~".+"}',
      'custom',
      { overrides },
      ['label_values'],
    ],
    [
      'one request for each relevant label',
      '{__name__=~".+"}',
      'custom',
      { overrides },
      ['label_values', 'label_values', 'label_values'],
    ],
    [
      'one request for all labels, if the metric has one name',
      '{__name__=~"lone.*"}',
      'custom',
      { overrides },
      ['label_values', 'labels'],
    ],
    [
      'the existing labels, then those that the template reads',
      '{__name__=~"work.*"}',
      'custom',
      { template: 'obj_<<.Group>>_<<.Resource>>' },
      ['label_values', 'labels', 'label_values', 'label_values', 'label_values'],
    ],
    [
      'the series, if there are no labels',
      'nothing_of_this_name',
      'custom',
      { overrides },
      ['labels', 'series'],
    ],
  ] as const)('sends requests for %s', async (_what, seriesQuery, kind, resources, endpoints) => {
    const rule = compiledRule({ seriesQuery, ...resources }, kind);
    const rules = kind === 'custom' ? { custom: [rule] } : { external: [rule] };
    await round(rules, 'labels');
    expect(requests.map(({ endpoint }) => endpoint)).toEqual(endpoints);
  });

  test('shares requests between rules with one series query', async () => {
    const seriesQuery = '{__name__=~".+"}';
    const custom = [
      compiledRule({ seriesQuery, overrides }),
      compiledRule({ seriesQuery, overrides: { namespace: 'namespace', node: 'node' } }),
    ];
    await round({ custom, external: [compiledRule({ seriesQuery }, 'external')] }, 'labels');
    expect(requests.map(({ expression }) => expression).toSorted()).toEqual([
      '{__name__=~".+"}',
      '{namespace!="",__name__=~".+"}',
      '{node!="",__name__=~".+"}',
      '{pod!="",__name__=~".+"}',
    ]);
  });

  test('falls back to series for selectors that this server rejects', async () => {
    const seriesQuery = '{__name__=~"lo.+"}';
    const dotted = compiledRule({ seriesQuery, overrides: { ...overrides, 'app.pod': 'pod' } });
    const dialect = compiledRule({ seriesQuery: '{a="b" or c="d"}', overrides });
    const plain = compiledRule({ seriesQuery: 'load', overrides });
    const bySeries = await round({ custom: [dotted, dialect, plain] }, 'series');
    const byLabels = await round({ custom: [dotted, dialect, plain] }, 'auto');
    expect(byLabels.served).toEqual(bySeries.served);
    expect(byLabels.outcomes).toMatchObject([
      { strategy: 'series', fallback: expect.stringContaining('parse error') },
      // Neither is it one for this server.
      { error: { kind: 'bad_query' } },
      { strategy: 'labels' },
    ]);
  });
});

describe('series that have ended', () => {
  test('stay longer with discovery by labels, without values', async () => {
    // In one block of Prometheus at any time: blocks end at every second hour.
    const end = Math.floor(NOW / 7200) * 7200;
    const samples = [`live 1 ${end - 60}`, `ended{namespace="a",pod="b"} 1 ${end - 1800}`];
    const prometheus = await startPrometheusWith([...samples, '# EOF\n'].join('\n'));
    const asked = createPrometheusClient({ url: prometheus.url });
    try {
      const rule = compiledRule({ seriesQuery: 'ended', overrides });
      const rules = { custom: [rule], external: [] };
      const served = async (mode: 'series' | 'labels') =>
        (await discoveryRound({ source: asked, rules, mapper, mode, start: end - 600 })).served;
      expect(await served('series')).toEqual([]);
      expect(await served('labels')).toHaveLength(2);
      const query = rule.query.for({
        series: 'ended',
        selector: [],
        namespace: { label: 'namespace', value: 'a' },
        objects: { label: 'pod', names: ['b'] },
        groupBy: ['pod'],
      });
      expect(await asked.query(query)).toEqual({ type: 'vector', samples: [] });
    } finally {
      asked.close();
      await prometheus.stop();
    }
  });
});
