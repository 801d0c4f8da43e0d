// Queries with the names of hundreds of objects, for servers and proxies that accept short queries only.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createCustomMetrics } from '../../src/metrics/custom.ts';
import { createResourceMetrics } from '../../src/metrics/resource.ts';
import { createPrometheusClient } from '../../src/prometheus/client/client.ts';
import type { QueryRunner } from '../../src/prometheus/query.ts';
import { prometheusServers } from '../../src/prometheus/servers.ts';
import { share } from '../../src/prometheus/sharing/share.ts';
import { builtCatalog } from '../fixtures/catalog.ts';
import {
  prometheusServer,
  type RunningServer,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { resourceRules } from '../fixtures/resource-rules.ts';
import { test } from '../fixtures/resources.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { constantSamples } from '../fixtures/server-test.ts';

const PODS = Array.from(
  { length: 600 },
  (_, index) => `checkout-service-worker-7d9f8b6c5d-${index.toString(16).padStart(5, '0')}`,
);
const NODES = PODS.map((pod) => `node-of-${pod}`);

/** Another pod of the namespace, and one of the same name elsewhere, which are never requested. */
const SERIES = [
  ...PODS.map((pod, index) => `long_metric{namespace="n",pod="${pod}",container="app"} ${index}`),
  'long_metric{namespace="n",pod="other",container="app"} 7',
  `long_metric{namespace="elsewhere",pod="${PODS[0]}",container="app"} 9000`,
  ...NODES.map((node, index) => `long_metric_n{node="${node}"} ${index}`),
];

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

const SUM = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';

function sharedClient(
  resources: AsyncDisposableStack,
  url: string,
  asked: string[],
  warnings: string[] = [],
): QueryRunner {
  const client = createPrometheusClient({
    url,
    onRequest: ({ expression: promql }) => asked.push(promql),
    onWarning: (warning) => warnings.push(warning),
  });
  resources.defer(() => client.close());
  return share(client, { maxAgeMs: 0 });
}

async function customValues(queries: QueryRunner, metricsQuery: string) {
  const mapper = builtinResourceMapper();
  const rule = compiledRule({
    seriesQuery: 'long_metric',
    overrides: { namespace: 'namespace', pod: 'pod' },
    metricsQuery,
  });
  const labels = new Set(['namespace', 'pod', 'container']);
  const { catalog } = await builtCatalog(
    { custom: [rule], external: [] },
    new Map([['long_metric', new Map([['long_metric', labels]])]]),
    mapper,
  );
  const metrics = createCustomMetrics({
    catalog: () => catalog,
    mapper: () => mapper,
    objects: { list: async () => PODS },
    servers: prometheusServers(queries),
    onAnswer: () => undefined,
  });
  const values = await metrics.get({
    resource: 'pods',
    namespace: 'n',
    name: undefined,
    metric: 'long_metric',
    selector: [],
    metricSelector: [],
  });
  return values.map(({ describedObject, value }) => [describedObject.name, value]);
}

const EXPECTED = PODS.map((pod, index) => [pod, String(index)]);

describe.each(servers)('$name', (server) => {
  let running: RunningServer;
  beforeAll(async () => {
    if (!server.isMissing) running = await server.start(constantSamples(SERIES));
  });
  afterAll(() => running?.stop());

  test.skipIf(server.isMissing)(
    '600 pods of one namespace, by a query without their names',
    async ({ resources }) => {
      const asked: string[] = [];
      await expect
        .poll(() => customValues(sharedClient(resources, running.url, asked), SUM), {
          timeout: 60_000,
        })
        .toEqual(EXPECTED);
      expect(new Set(asked)).toEqual(new Set(['sum(long_metric{namespace="n",pod!=""}) by (pod)']));
    },
  );

  test.skipIf(server.isMissing)(
    'CPU and memory of 600 pods, and of 600 nodes',
    async ({ resources }) => {
      const asked: string[] = [];
      const mapper = builtinResourceMapper();
      const rules = resourceRules({ cpu: 'long_metric', memory: 'long_metric' });
      const objects = (names: readonly string[], namespace: string | undefined) =>
        names.map((name) => ({ name, namespace, labels: {} }));
      const metrics = createResourceMetrics({
        rules: () => rules,
        mapper: () => mapper,
        objects: {
          list: async ({ resource }) =>
            resource.resource === 'pods' ? objects(PODS, 'n') : objects(NODES, undefined),
        },
        servers: prometheusServers(sharedClient(resources, running.url, asked)),
        onAnswer: () => undefined,
      });
      const all = { selector: [], fields: [] };
      await expect
        .poll(async () => (await metrics.pods({ namespace: 'n', ...all })).length, {
          timeout: 60_000,
        })
        .toBe(600);
      const pods = await metrics.pods({ namespace: 'n', ...all });
      expect(pods.map(({ containers }) => containers[0]?.usage.cpu)).toEqual(
        PODS.map((_, index) => BigInt(index) * 1000n),
      );
      expect(await metrics.nodes(all)).toHaveLength(600);
      expect(Math.max(...asked.map(({ length }) => length))).toBeLessThan(100);
    },
  );

  test.skipIf(server.product !== 'VictoriaMetrics' || server.isMissing)(
    'without a proof the error explains what to change',
    async ({ resources }) => {
      const queries = sharedClient(resources, running.url, []);
      const chosen = `topk(3, ${SUM})`;
      const error = await customValues(queries, chosen).catch((thrown: unknown) => thrown);
      const cause = error instanceof Error ? error.cause : undefined;
      expect(String(cause)).toMatch(
        /too long query.*because it names 600 objects. It cannot select all objects of the namespace instead: `topk` .*raise the limit/,
      );
    },
  );
});

describe('a proxy that accepts URIs of 8 KiB', () => {
  let running: RunningServer;
  beforeAll(async () => {
    const [prometheus] = servers;
    if (prometheus !== undefined) running = await prometheus.start(constantSamples(SERIES));
  });
  afterAll(() => running?.stop());

  /** @returns its URL; `methods` gets the method of each request */
  async function proxy(
    resources: AsyncDisposableStack,
    tooLong: number,
    methods: string[],
    postStatus?: number,
  ): Promise<string> {
    const server = createServer({ maxHeaderSize: 2 ** 20 }, async (incoming, outgoing) => {
      methods.push(incoming.method ?? '');
      const body = await text(incoming);
      const isTooLong = (incoming.url ?? '').length > 8192;
      const status = isTooLong ? tooLong : incoming.method === 'POST' ? postStatus : undefined;
      if (status === undefined) forward(incoming, body, outgoing);
      else outgoing.writeHead(status).end('<html>refused</html>');
    });
    const forward = (incoming: IncomingMessage, body: string, outgoing: ServerResponse): void => {
      const { method = 'GET', url = '/', headers } = incoming;
      request(new URL(url, running.url), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }).end(body);
    };
    const { port } = await new Promise<{ port: number }>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve({ port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
      }),
    );
    resources.defer(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${port}`;
  }

  /** With the names of the objects: there is no proof that it is equal without them. */
  const NOT_PROVED = `topk(1000, ${SUM})`;

  test.for([414, 431, 400, 413])('HTTP %i: POST from then on', async (status, { resources }) => {
    const methods: string[] = [];
    const warnings: string[] = [];
    const queries = sharedClient(resources, await proxy(resources, status, methods), [], warnings);
    expect(await customValues(queries, NOT_PROVED)).toEqual(EXPECTED);
    expect(await customValues(queries, NOT_PROVED)).toEqual(EXPECTED);
    expect(methods).toEqual(['GET', 'POST', 'POST']);
    expect(warnings).toEqual([
      expect.stringMatching(
        `was too long for a GET \\(HTTP ${status}\\): from now on queries are sent with POST. Set --prometheus-verb=POST`,
      ),
    ]);
  });

  test.for([403, 405])(
    'POST rejected with HTTP %i: the error names it',
    async (status, { resources }) => {
      const methods: string[] = [];
      const warnings: string[] = [];
      const queries = sharedClient(
        resources,
        await proxy(resources, 414, methods, status),
        [],
        warnings,
      );
      const error = await customValues(queries, NOT_PROVED).catch((thrown: unknown) => thrown);
      expect(String(error instanceof Error ? error.cause : error)).toMatch(
        `too long for a GET, and POST is rejected with HTTP ${status}: allow POST for /api/v1/query`,
      );
      expect(methods).toEqual(['GET', 'POST']);
      expect(warnings).toEqual([]);
    },
  );

  test('a long query that Prometheus itself rejects is not retried', async ({ resources }) => {
    const methods: string[] = [];
    const client = createPrometheusClient({ url: await proxy(resources, 414, methods) });
    resources.defer(() => client.close());
    await expect(client.query(`sum(${'a'.repeat(5000)}`)).rejects.toMatchObject({
      kind: 'bad_query',
      errorType: 'bad_data',
    });
    expect(methods).toEqual(['GET']);
  });
});
