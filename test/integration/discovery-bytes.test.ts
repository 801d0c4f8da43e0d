import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { answeredRequests } from '../fixtures/prometheus-requests.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const NAMES = 50;
const PODS = 2_000;

/** Rules of every kind: overrides, a template, a name that is written out, filters, external. */
const RULES = `
rules:
- seriesQuery: '{__name__=~"^fleet_.*",container!=""}'
  seriesFilters: [{isNot: '_seconds_total$'}]
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
- seriesQuery: '{__name__=~"^fleet_.*",container!=""}'
  seriesFilters: [{is: '_seconds_total$'}]
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}, node: {resource: node}}}
  name: {matches: '^(.*)_seconds_total$', as: '\${1}_per_second'}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)'
- seriesQuery: '{__name__=~".+"}'
  resources: {template: '<<.Resource>>'}
  name: {as: 'all_\${0}'}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
- seriesQuery: 'fleet_7_bytes'
  resources: {overrides: {namespace: {resource: namespace}, instance: {resource: node}}}
  name: {as: 'bytes'}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
externalRules:
- seriesQuery: '{__name__=~"^fleet_.*_bytes"}'
  resources: {namespaced: false}
  name: {as: 'ext_\${0}'}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})'
`;

/** 100,000 series as a fleet of pods has them: each metric of each pod, with the usual labels. */
function fleet(): string {
  const time = Math.floor(Date.now() / 1000) - 60;
  const lines: string[] = [];
  for (let number = 0; number < NAMES; number += 1) {
    const name = `fleet_${number}_${number % 2 === 0 ? 'seconds_total' : 'bytes'}`;
    for (let pod = 0; pod < PODS; pod += 1) {
      const labels = [
        `namespace="team-${pod % 40}"`,
        // Some metrics are of nodes as well, and some of these have no pod.
        ...(number % 5 === 0 ? [] : [`pod="service-${pod}-7d9f8b6c5-x7k2p"`]),
        ...(number % 3 === 0 ? [`node="node-${pod % 100}.example.com"`] : []),
        `container="main",image="registry.example.com/team/service:1.2.3"`,
        `instance="10.0.${pod % 250}.${Math.floor(pod / 250)}:9100",job="kubelet"`,
      ];
      lines.push(`${name}{${labels.join(',')}} 1 ${time}`);
    }
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

let directory: string;
let prometheus: RunningPrometheus;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'discovery-bytes-'));
  prometheus = await startPrometheusWith(fleet());
  await writeFile(join(directory, 'rules.yaml'), RULES);
});

afterAll(async () => {
  await prometheus?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What a fresh adapter serves after its first relist, and what that took of Prometheus. */
async function firstRelist(discovery: 'series' | 'auto') {
  const listings = () => answeredRequests(prometheus.url, '/api/v1/series');
  const listingsBefore = await listings();
  const adapter = await startStandaloneAdapter({
    config: join(directory, 'rules.yaml'),
    prometheusUrl: prometheus.url,
    certificates: directory,
    // No query is retried because Prometheus waits for a processor.
    flags: [`--discovery=${discovery}`, '--prometheus-stall-timeout=0s'],
    limits: { readyTimeoutMs: 90_000 },
  });
  try {
    const [custom, external, { body: metrics }] = await Promise.all([
      adapter.get('/apis/custom.metrics.k8s.io/v1beta1'),
      adapter.get('/apis/external.metrics.k8s.io/v1beta1'),
      adapter.get('/metrics'),
    ]);
    const values = (name: string) =>
      new Map(
        [...metrics.matchAll(new RegExp(`^${name}\\{\\w+="(\\w+)"\\} (\\d+)$`, 'gm'))].map(
          ([, label = '', value]) => [label, Number(value)] as const,
        ),
      );
    return {
      listings: (await listings()) - listingsBefore,
      statuses: [custom.status, external.status],
      served: [custom.body, external.body],
      bytes: values('prom_metrics_adapter_prometheus_response_bytes_total'),
      strategies: values('prom_metrics_adapter_discovery_series_queries'),
    };
  } finally {
    await adapter.stop();
  }
}

test('100,000 series are discovered by labels for a thousandth of the bytes', async () => {
  const bySeries = await firstRelist('series');
  const byLabels = await firstRelist('auto');
  expect(bySeries.strategies).toEqual(new Map(Object.entries({ series: 4, labels: 0 })));
  expect(byLabels.strategies).toEqual(new Map(Object.entries({ series: 0, labels: 4 })));

  expect([bySeries.listings, byLabels.listings]).toEqual([4, 0]);

  const endpointsOf = ({ bytes }: typeof bySeries) =>
    [...bytes].filter(([, count]) => count > 0).map(([endpoint]) => endpoint);
  expect(endpointsOf(bySeries)).toEqual(['series']);
  expect(endpointsOf(byLabels).toSorted()).toEqual(['label_values', 'labels']);
  const bytesOf = ({ bytes }: typeof bySeries) =>
    [...bytes.values()].reduce((sum, count) => sum + count, 0);
  // Each of two queries lists all of the series.
  expect(bytesOf(bySeries)).toBeGreaterThan(2 * 100_000 * 100);
  expect(bytesOf(byLabels)).toBeLessThan(bytesOf(bySeries) / 1000);

  expect(byLabels.statuses).toEqual([200, 200]);
  expect(byLabels.served).toEqual(bySeries.served);
  expect(byLabels.served[0]?.match(/"name":/g)?.length).toBeGreaterThan(NAMES * 3);
}, 240_000);
