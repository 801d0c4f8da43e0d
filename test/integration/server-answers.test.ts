// Responses of servers and proxies other than plain data, seen from outside: values, log and /metrics.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createPrometheusClient } from '../../src/prometheus/client/client.ts';
import {
  prometheusServer,
  type RunningServer,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';
import { parametersOf, startStandIn } from './stand-in-server.ts';

const overrides = { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } };
const metricsQuery = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';

/** One rule with a series, and one without. */
const RULES = {
  rules: [
    { seriesQuery: 'web_queue{namespace!="",pod!=""}', resources: { overrides }, metricsQuery },
    {
      seriesQuery: '{__name__=~"nope_.*"}',
      resources: { template: '<<.Resource>>' },
      metricsQuery,
    },
  ],
};
const VALUE = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-1/web_queue';

let directory: string;
let prometheus: RunningServer;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'server-answers-'));
  await writeFile(join(directory, 'rules.yaml'), JSON.stringify(RULES));
  const now = Math.floor(Date.now() / 1000);
  const times = Array.from({ length: 60 }, (_, step) => now - 300 + step * 15);
  const lines = times.map((at) => `web_queue{namespace="shop",pod="web-1"} 2 ${at}`);
  const server = await prometheusServer('3.5');
  prometheus = await server.start(`${lines.join('\n')}\n# EOF\n`);
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(async () => {
  await prometheus?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function adapterOf(
  prometheusUrl: string,
  flags: readonly string[] = [],
  until: 'ready' | 'live' = 'ready',
): Promise<StandaloneAdapter> {
  const adapter = await startStandaloneAdapter({
    config: join(directory, 'rules.yaml'),
    prometheusUrl,
    certificates: directory,
    flags: ['--prometheus-stall-timeout=0s', ...flags],
    until,
  });
  closers.push(adapter.stop);
  return adapter;
}

/** A proxy that changes the answers of Prometheus: their text, and the time in their `Date`. */
async function proxyWith(change: (body: string) => string, clockSeconds = 0): Promise<string> {
  const proxy = await startStandIn(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', prometheus.url);
    const answer = await fetch(`${prometheus.url}${pathname}?${await parametersOf(request)}`);
    response.setHeader('date', new Date(Date.now() + clockSeconds * 1000).toUTCString());
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(change(await answer.text()));
  });
  closers.push(proxy.close);
  return proxy.url;
}

async function servedValue(adapter: StandaloneAdapter): Promise<string | number> {
  const { status, body } = await adapter.get(VALUE);
  const answer: { items?: { value: string }[] } = JSON.parse(body);
  return answer.items?.[0]?.value ?? status;
}

async function ownMetric(adapter: StandaloneAdapter, name: string): Promise<number> {
  const { body } = await adapter.get('/metrics');
  const line = body.split('\n').find((one) => one.startsWith(`prom_metrics_adapter_${name} `));
  return Number(line?.split(' ').at(-1));
}

const same = (body: string) => body;

describe('clocks', () => {
  test.each([
    [-290, -270],
    [300, 280],
  ])('with a skew of %d s log a warning, set a metric and change no value', async (by, least) => {
    const adapter = await adapterOf(await proxyWith(same, by));
    expect(await servedValue(adapter)).toBe('2');
    expect(adapter.stdoutTail()).toMatch(
      /WARN clock skew between Prometheus and this machine.* prometheusIsAheadBySeconds=-?\d+/,
    );
    const offset = await ownMetric(adapter, 'prometheus_clock_skew_seconds');
    expect(Math.sign(offset)).toBe(Math.sign(by));
    expect(Math.abs(offset)).toBeGreaterThan(Math.abs(least));
  });

  test('without skew log nothing', async () => {
    const adapter = await adapterOf(await proxyWith(same));
    expect(await ownMetric(adapter, 'prometheus_clock_skew_seconds')).toBe(0);
    expect(adapter.stdoutTail()).not.toContain('clocks');
  });
});

test('null for an empty list is an empty list', async () => {
  const toNull = (body: string) =>
    body.replace('"data":[]', '"data":null').replace('"result":[]', '"result":null');
  const adapter = await adapterOf(await proxyWith(toNull));
  expect(await servedValue(adapter)).toBe('2');
  const gone = await adapter.get(VALUE.replace('web-1', 'web-2'));
  expect(gone.status).toBe(404);
  expect(adapter.stdoutTail()).toContain('series are discovered by the label endpoints');
  expect(adapter.stdoutTail()).not.toContain('failed');
});

describe('a redirect', () => {
  test.each(['GET', 'POST'])('within the same origin is followed by %s', async (verb) => {
    const proxy = await startStandIn(async (request, response) => {
      const url = new URL(request.url ?? '/', prometheus.url);
      if (!url.pathname.startsWith('/prometheus/')) {
        response.writeHead(301, { location: `/prometheus${request.url}` }).end();
        return;
      }
      const path = url.pathname.replace('/prometheus', '');
      const answer = await fetch(`${prometheus.url}${path}?${await parametersOf(request)}`);
      response.writeHead(answer.status).end(await answer.text());
    });
    closers.push(proxy.close);
    const adapter = await adapterOf(proxy.url, [`--prometheus-verb=${verb}`]);
    expect(await servedValue(adapter)).toBe('2');
  });

  test('to another origin is an error that names it', async () => {
    const proxy = await startStandIn((request, response) => {
      response.writeHead(308, { location: `https://other.example${request.url}` }).end();
    });
    closers.push(proxy.close);
    const adapter = await adapterOf(proxy.url, [], 'live');
    await expect
      .poll(() => adapter.stdoutTail())
      .toMatch(
        /HTTP 308 redirects to another server; only redirects within .*https:\/\/other.example\/api/,
      );
    expect((await adapter.get('/readyz')).status).toBe(500);
  });
});

describe('a partial response', () => {
  const forms = {
    'warnings of Thanos': (body: string) =>
      body.replace('"status":"success"', '"status":"success","warnings":["store 1 is gone"]'),
    'isPartial of vmselect': (body: string) =>
      body.replace('"status":"success"', '"status":"success","isPartial":true'),
  };

  test.each(Object.entries(forms))(
    'with %s has no values, and is found by discovery',
    async (_, change) => {
      const adapter = await adapterOf(await proxyWith(change));
      expect((await adapter.get(VALUE)).status).toBe(500);
      const log = adapter.stdoutTail();
      expect(log).toMatch(/WARN a response of Prometheus is partial and is used/);
      expect(log).toMatch(
        /WARN a response of Prometheus is partial and is not used endpoint="query"/,
      );
      const count = 'prometheus_response_warnings_total{endpoint="query",type="partial"}';
      expect(await ownMetric(adapter, count)).toBe(1);
    },
  );

  test('is used if the flag allows it', async () => {
    const url = await proxyWith(forms['isPartial of vmselect']);
    const adapter = await adapterOf(url, ['--prometheus-partial-answers=accept']);
    expect(await servedValue(adapter)).toBe('2');
  });
});

const victoriaMetrics = await Promise.all([
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

describe.each(victoriaMetrics)('$name', ({ start, isMissing }) => {
  test.skipIf(isMissing)('hides recent samples, unless latency_offset changes it', async () => {
    const now = Math.floor(Date.now() / 1000);
    const series = 'web_queue{namespace="shop",pod="web-1"}';
    // By default 30 s, which would be short for a busy machine.
    const server = await start(`${series} 1 ${now - 310}\n${series} 7 ${now - 3}\n# EOF\n`, [
      '-search.latencyOffset=5m',
    ]);
    closers.push(server.stop);
    const [byDefault, fresh] = await Promise.all([
      adapterOf(server.url),
      adapterOf(`${server.url}/?latency_offset=1s`),
    ]);
    expect(await servedValue(byDefault)).toBe('1');
    expect(await servedValue(fresh)).toBe('7');
  });

  test.skipIf(isMissing)('lists series that have ended until the day is over', async () => {
    const now = Math.floor(Date.now() / 1000);
    const midnight = now - (now % 86_400);
    const ended = Math.max(midnight, now - 600);
    const server = await start(`ren_old{pod="a"} 1 ${ended}\n# EOF\n`);
    closers.push(server.stop);
    const client = createPrometheusClient({ url: server.url });
    closers.push(client.close);
    const range = { start: now - 20 };
    expect([...(await client.seriesLabelNames('ren_old', range)).keys()]).toEqual(['ren_old']);
    expect(await client.labelValues('__name__', ['ren_old'], range)).toEqual(['ren_old']);
  });
});
