// Names of metrics and labels that need quotes in PromQL, as OpenTelemetry has them.
import { describe, expect } from 'vitest';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createResourceMetrics } from '../../src/metrics/resource.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { prometheusServers } from '../../src/prometheus/servers.ts';
import { readConfiguration } from '../../src/sources/file/configuration.ts';
import { prometheusServer, victoriaMetricsServer } from '../fixtures/real-servers.ts';
import { test, valueOfPod } from '../fixtures/server-test.ts';
import type { StandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const PLAIN = { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } };
const DOTTED = {
  overrides: {
    'k8s.namespace.name': { resource: 'namespace' },
    'k8s.pod.name': { resource: 'pod' },
    'k8s.node.name': { resource: 'node' },
  },
};

const unquoted = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
const quotedSeries = 'sum({<<printf "%q" .Series>>,<<.LabelMatchers>>})';

function rule(as: string, seriesQuery: string, resources: object, metricsQuery: string) {
  return { seriesQuery, resources, name: { as }, metricsQuery };
}

const REQUESTS = '{__name__="http.server.requests"}';

const RULES = [
  rule('legacy', 'load', PLAIN, unquoted),
  rule('u5_unquoted', '{__name__="my.metric"}', PLAIN, unquoted),
  rule('u6_unquoted', '{__name__=~"my.*"}', PLAIN, unquoted),
  rule('u7', REQUESTS, DOTTED, `${quotedSeries} by (<<printf "%q" .GroupBy>>)`),
  rule('u8', REQUESTS, DOTTED, quotedSeries.replace('sum', 'sum by ("k8s.pod.name") ')),
  rule('groupby', REQUESTS, DOTTED, `${quotedSeries} by (<<.GroupBy>>)`),
  rule('dotted', REQUESTS, DOTTED, unquoted),
  rule('cut', '{__name__="my.metric"}', PLAIN, '<<slice .Series 0 2>>{<<.LabelMatchers>>}'),
];

function usageRule(name: string) {
  return {
    containerQuery: `sum by (<<.GroupBy>>) ({"k8s.container.${name}.usage",<<.LabelMatchers>>})`,
    nodeQuery: `sum by (<<.GroupBy>>) ({"k8s.node.${name}.usage",<<.LabelMatchers>>})`,
    resources: DOTTED,
    containerLabel: 'k8s.container.name',
  };
}

const RESOURCE_RULES = { cpu: usageRule('cpu'), memory: usageRule('memory'), window: '1m' };

const CONFIGURATION = { rules: RULES, resourceRules: RESOURCE_RULES };

const POD = '"k8s.namespace.name"="shop","k8s.pod.name"="web-0"';

const UTF8_SERIES = [
  ['{"http.server.requests",', POD, 21],
  ['{"k8s.container.cpu.usage","k8s.container.name"="app",', POD, 0.25],
  ['{"k8s.container.memory.usage","k8s.container.name"="app",', POD, 1024],
  ['{"k8s.node.cpu.usage",', '"k8s.node.name"="node-1"', 2],
  ['{"k8s.node.memory.usage",', '"k8s.node.name"="node-1"', 4096],
  ['{"my.metric",', 'namespace="shop",pod="web-0"', 11],
] as const;

const LEGACY_SERIES = ['load{namespace="shop",pod="web-0"} 7'];

const [oldest, newest, ...others] = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

/** CPU and memory, in thousandths, of the pod's containers and of the node. */
async function usage(client: PrometheusClient) {
  const text = JSON.stringify({ resourceRules: RESOURCE_RULES });
  const { configuration } = readConfiguration('rules.yaml', text, {
    mapper: builtinResourceMapper(),
    checkPromql: true,
    unknownResource: 'error',
  });
  const metrics = createResourceMetrics({
    rules: () => configuration?.resource,
    mapper: builtinResourceMapper,
    objects: {
      list: async ({ resource }) =>
        resource.resource === 'nodes'
          ? [{ namespace: undefined, name: 'node-1', labels: {} }]
          : [{ namespace: 'shop', name: 'web-0', labels: {} }],
    },
    servers: prometheusServers(client),
    onAnswer: () => undefined,
  });
  const everything = { selector: [], fields: [] };
  const pods = await metrics.pods({ namespace: 'shop', ...everything });
  const nodes = await metrics.nodes(everything);
  return {
    pods: pods.flatMap(({ containers }) => containers),
    nodes: nodes.map(({ usage }) => usage),
  };
}

async function values(adapter: StandaloneAdapter): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const { name } of RULES) found[name.as] = await valueOfPod(adapter, name.as);
  return found;
}

const EVERY_VALUE = {
  legacy: '7',
  u5_unquoted: '11',
  u6_unquoted: '11',
  u7: '21',
  u8: '21',
  groupby: '21',
  dotted: '21',
  cut: 404,
};

describe('names that need quotes', () => {
  test('are quoted for Prometheus 3', async ({ resources, skip, startAdapter, startServer }) => {
    skip(!newest.name.startsWith('Prometheus 3.'), `there is only ${newest.name}`);
    const series = UTF8_SERIES.map(([open, labels, value]) => `${open}${labels}} ${value}`);
    const server = await startServer(newest, [...LEGACY_SERIES, ...series.sort()]);
    const adapter = await startAdapter(server, [], CONFIGURATION);
    expect(await values(adapter)).toEqual(EVERY_VALUE);
    const listed = await adapter.get('/apis/custom.metrics.k8s.io/v1beta2');
    expect(listed.body).toContain('"pods/dotted"');
    expect(listed.body).not.toContain('"pods/cut"');
    const client = createPrometheusClient({ url: server.url });
    resources.defer(() => client.close());
    expect(await usage(client)).toEqual({
      pods: [{ name: 'app', usage: { cpu: 250n, memory: 1_024_000n } }],
      nodes: [{ cpu: 2000n, memory: 4_096_000n }],
    });
  });

  test('do not affect other metrics with a Prometheus without such names', async ({
    startAdapter,
    startServer,
  }) => {
    const server = await startServer(oldest, LEGACY_SERIES);
    const adapter = await startAdapter(server, [], CONFIGURATION);
    expect(await values(adapter)).toEqual({
      ...Object.fromEntries(RULES.map(({ name }) => [name.as, 404])),
      legacy: '7',
    });
  });

  describe.each(others)('with $name and --check-promql=false', (server) => {
    test('stand as the template writes them', async ({ skip, startAdapter, startServer }) => {
      skip(server.isMissing, `there is no ${server.name}`);
      const series = UTF8_SERIES.map(([open, labels, value]) => {
        const [, name = '', more = ''] = /^\{"([^"]*)",(.*)$/.exec(open) ?? [];
        return `${name}{${more}${labels}} ${value}`.replaceAll(/"([a-z0-9.]+)"=/g, '$1=');
      });
      const running = await startServer(server, [...LEGACY_SERIES, ...series.sort()]);
      const adapter = await startAdapter(running, ['--check-promql=false'], CONFIGURATION);
      const { u7, u8, ...found } = await values(adapter);
      const { u7: _7, u8: _8, cut: _, ...expected } = EVERY_VALUE;
      expect(found).toMatchObject(expected);
      // VictoriaMetrics supports quotes in a list of labels since about 1.120.
      const isOld = server.name.includes('1.112');
      expect([u7, u8]).toEqual(isOld ? [500, 500] : ['21', '21']);
    });
  });
});
