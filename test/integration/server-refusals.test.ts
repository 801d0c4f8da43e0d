import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { createPrometheusClient } from '../../src/prometheus/client/client.ts';
import { share } from '../../src/prometheus/sharing/share.ts';
import type { QueryRequest } from '../../src/rules/query.ts';
import {
  prometheusServer,
  type RunningServer,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { constantSamples, test } from '../fixtures/server-test.ts';
import { startStandIn } from './stand-in-server.ts';

const NAMESPACES = ['shop', 'stage'];
const PODS = ['web-0', 'web-1', 'web-2', 'web-3'];

/** Namespace `bad` has two series for one pod, so a query over all namespaces is rejected. */
const SERIES = [
  'dup_cap{namespace="bad",pod="b-0",x="1"} 1',
  'dup_cap{namespace="bad",pod="b-0",x="2"} 2',
  ...each((namespace, pod) => `dup_cap{namespace="${namespace}",pod="${pod}"} 100`),
  'dup_used{namespace="bad",pod="b-0"} 5',
  ...each((namespace, pod, value) => `dup_used{namespace="${namespace}",pod="${pod}"} ${value}`),
];

const DIVISION = 'dup_used{<<.LabelMatchers>>} / on (namespace, pod) dup_cap{<<.LabelMatchers>>}';

function each(write: (namespace: string, pod: string, value: number) => string): string[] {
  return NAMESPACES.flatMap((namespace) =>
    PODS.map((pod, index) => write(namespace, pod, 10 * (index + 1))),
  );
}

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

const FLAGS = ['--prometheus-stall-timeout=0s'];

const LIMITING_SERIES = { Prometheus: [], VictoriaMetrics: ['-search.maxSeries=5'] } as const;

/** Prometheus has no limit on series, and no `or` in selectors. */
const REFUSED_SERIES_QUERY = {
  Prometheus: '{__name__="dup_used" or __name__="dup_cap"}',
  VictoriaMetrics: '{__name__=~"dup_.*"}',
} as const;

const overrides = { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } };

describe.each(servers)('$name', (server) => {
  test.skipIf(server.isMissing)(
    'requests get their own values if a shared query is rejected',
    async ({ startServer, startAdapter }) => {
      const rule = {
        seriesQuery: 'dup_used',
        resources: { overrides },
        name: { as: 'usage' },
        metricsQuery: DIVISION,
      };
      const running = await startServer(server, SERIES);
      const adapter = await startAdapter(running, FLAGS, { rules: [rule] });
      const values: string[] = [];
      for (let round = 0; round < 6; round += 1) {
        const answers = each((namespace, pod) => `namespaces/${namespace}/pods/${pod}/usage`).map(
          async (path) => {
            const { body } = await adapter.get(`/apis/custom.metrics.k8s.io/v1beta2/${path}`);
            const answer: { items?: { value: string }[] } = JSON.parse(body);
            return answer.items?.[0]?.value ?? body;
          },
        );
        values.push(...(await Promise.all(answers)));
        await sleep(300);
      }
      const expected = ['100m', '200m', '300m', '400m', '100m', '200m', '300m', '400m'];
      expect(values).toEqual(Array.from({ length: 6 }, () => expected).flat());
      const { body } = await adapter.get('/metrics');
      expect(body).toMatch(/queries_total\{scope="all",source="prometheus"\} [1-9]/);
    },
  );

  test.skipIf(server.isMissing)(
    'a server that refuses every series query does not keep the adapter from becoming ready',
    async ({ startServer, startAdapter }) => {
      const { product } = server;
      const running = await startServer(server, SERIES, LIMITING_SERIES[product]);
      const rule = {
        seriesQuery: REFUSED_SERIES_QUERY[product],
        resources: { overrides },
        metricsQuery: '<<.Series>>{<<.LabelMatchers>>}',
      };
      const flags = [...FLAGS, '--discovery=series', '--check-promql=false'];
      const adapter = await startAdapter(running, flags, { rules: [rule] });
      expect((await adapter.get('/readyz')).status).toBe(200);
      expect(adapter.stdoutTail()).toMatch(
        /series query failed.*(parse error|matching timeseries exceeds 5)/,
      );
    },
  );
});

/** Answers of servers and proxies to a query that they refuse. */
const REFUSALS: readonly (readonly [string, number, string])[] = [
  ['VictoriaMetrics', 422, '{"status":"error","errorType":"422","error":"duplicate"}'],
  ['VictoriaMetrics', 400, '{"status":"error","errorType":"400","error":"duplicate"}'],
  ['M3', 400, '{"status":"error","error":"duplicate"}'],
  ['Google', 400, '{"error":{"code":400,"message":"duplicate","status":"INVALID_ARGUMENT"}}'],
  ['too large', 413, '<html>413 Request Entity Too Large</html>'],
  ['text', 422, 'duplicate series'],
  ['a page', 403, '<html>Forbidden</html>'],
  ['not acceptable', 406, 'Not Acceptable'],
  ['internal', 500, '{"status":"error","errorType":"internal","error":"expanding series"}'],
  ['bad gateway', 502, '<html>Bad Gateway</html>'],
  ['too many requests', 429, 'too many requests'],
  ['execution', 422, '{"status":"error","errorType":"execution","error":"duplicate"}'],
  ['timeout', 503, '{"status":"error","errorType":"timeout","error":"query timed out"}'],
  ['gateway timeout', 504, 'Gateway Timeout'],
];

describe('a proxy that refuses only the shared query', () => {
  const rule = compiledRule({
    seriesQuery: 'dup_used',
    metricsQuery: 'sum(dup_used{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    overrides: { namespace: 'namespace', pod: 'pod' },
  });
  let server: RunningServer;

  test.beforeAll(async ({ fileResources }) => {
    const starting = (await prometheusServer('3.5')).start(constantSamples(SERIES));
    server = fileResources.adopt(await starting, (it) => it.stop());
  });

  test.for(REFUSALS)('with %s %d', async ([, status, body], { resources }) => {
    let refused = 0;
    const proxy = await startStandIn((received, response) => {
      const target = new URL(received.url ?? '/', server.url);
      if (target.searchParams.get('query')?.includes('pod!=""')) {
        refused += 1;
        response.writeHead(status).end(body);
        return;
      }
      request(target, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }).end();
    });
    resources.defer(() => proxy.close());
    const client = createPrometheusClient({ url: proxy.url });
    resources.defer(() => client.close());
    const sharing = share(client, { maxAgeMs: 1000 });
    const values = await Promise.all(
      each((namespace, pod) => `${namespace}/${pod}`).map(async (object) => {
        const [namespace = '', pod = ''] = object.split('/');
        const asked: QueryRequest = {
          series: 'dup_used',
          selector: [],
          namespace: { label: 'namespace', value: namespace },
          objects: { label: 'pod', names: [pod] },
          groupBy: ['pod'],
        };
        const origin = { rule, request: asked };
        const answer = await sharing.query(rule.query.for(asked), { origin });
        return answer.type === 'vector' ? [...answer.samples][0]?.value : answer.type;
      }),
    );
    expect(values).toEqual([10, 20, 30, 40, 10, 20, 30, 40]);
    expect(refused).toBeGreaterThan(0);
  });
});
