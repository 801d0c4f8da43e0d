import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import type { FinishedRequest } from '../../src/prometheus/client/options.ts';
import {
  prometheusServer,
  type RunningServer,
  startPrometheusWith,
} from '../fixtures/real-servers.ts';

const NOW = Math.floor(Date.now() / 1000);
const RANGE = { start: NOW - 3600 };

/** Ten minutes of history, a sample each 15 s: a counter of two a second, and gauges. */
function history(): string {
  const times = Array.from({ length: 41 }, (_, step) => NOW - 600 + step * 15);
  return [
    '# TYPE requests counter',
    ...times.flatMap((time) => [
      `requests_total{pod="a",path="say \\"hi\\""} ${2 * (time - NOW + 600)} ${time}`,
      `requests_total{pod="b",path="größe"} 0 ${time}`,
    ]),
    '# TYPE depth gauge',
    ...times.flatMap((time) => [
      `depth{queue="full"} +Inf ${time}`,
      `depth{queue="lost"} NaN ${time}`,
      `depth{queue="owed"} -Inf ${time}`,
      `depth{queue="some",team="x"} 0.1 ${time}`,
    ]),
    '# EOF\n',
  ].join('\n');
}

/** Takes Prometheus many seconds, in short steps, between which it checks the timeout. */
const LONG_QUERY = Array(500).fill('sum_over_time(vector(1)[1d:1s])').join(' + ');

let server: RunningPrometheus;

beforeAll(async () => {
  server = await startPrometheusWith(history());
});

afterAll(async () => {
  await server?.stop();
});

describe.each([
  ['2.42', 'GET'],
  ['2.42', 'POST'],
  ['3.5', 'GET'],
  ['3.5', 'POST'],
] as const)('Prometheus %s, asked by %s', (release, verb) => {
  let server: RunningServer;
  let client: PrometheusClient;
  const requests: FinishedRequest[] = [];

  beforeAll(async () => {
    server = await (await prometheusServer(release)).start(history());
    client = createPrometheusClient({
      url: server.url,
      verb,
      onRequest: (request) => requests.push(request),
    });
  });

  afterAll(async () => {
    client?.close();
    await server?.stop();
  });

  test('a vector with labels of any text', async () => {
    const answer = await client.query('sum(rate(requests_total[2m])) by (pod, path)', {
      time: NOW,
    });
    expect(answer.type).toBe('vector');
    const samples = answer.type === 'vector' ? [...answer.samples] : [];
    const byPod = new Map(samples.map((sample) => [sample.labels.pod, sample]));
    expect(byPod.get('a')).toEqual({
      labels: { pod: 'a', path: 'say "hi"' },
      value: expect.closeTo(2, 9),
      timestamp: NOW,
    });
    expect(byPod.get('b')?.labels.path).toBe('größe');
    expect(samples).toHaveLength(2);
  });

  test('values that are not finite', async () => {
    const answer = await client.query('depth', { time: NOW });
    const samples = answer.type === 'vector' ? [...answer.samples] : [];
    expect(
      Object.fromEntries(samples.map(({ labels, value }) => [String(labels.queue), value])),
    ).toEqual({
      full: Number.POSITIVE_INFINITY,
      owed: Number.NEGATIVE_INFINITY,
      lost: Number.NaN,
      some: 0.1,
    });
  });

  test('an empty vector', async () => {
    expect(await client.query('nothing_of_this_name')).toEqual({ type: 'vector', samples: [] });
  });

  test('a scalar, evaluated at the current time by default', async () => {
    expect(await client.query('1/4', { time: 1700000000.125 })).toEqual({
      type: 'scalar',
      value: 0.25,
      timestamp: 1700000000.125,
    });
    const before = Date.now() / 1000 - 0.001;
    const answer = await client.query('vector(time())');
    const evaluatedAt = answer.type === 'vector' ? [...answer.samples][0]?.timestamp : undefined;
    expect(evaluatedAt).toBeGreaterThanOrEqual(before);
    expect(evaluatedAt).toBeLessThanOrEqual(Date.now() / 1000 + 0.001);
  });

  test('a matrix and a string are reported by their type', async () => {
    expect(await client.query('requests_total[1m]', { time: NOW })).toEqual({ type: 'matrix' });
    expect(await client.query('"text"')).toEqual({ type: 'string' });
  });

  test('a query that fails to parse or to evaluate', async () => {
    await expect(client.query('sum(')).rejects.toMatchObject({
      kind: 'bad_query',
      status: 400,
      errorType: 'bad_data',
      detail: expect.stringContaining('parse error'),
      message: expect.stringMatching(/^Prometheus rejected the query: .*parse error/),
    });
    const manyToMany = 'depth * on() requests_total';
    await expect(client.query(manyToMany, { time: NOW })).rejects.toMatchObject({
      kind: 'bad_query',
      status: 422,
      errorType: 'execution',
    });
  });

  test('a query that exceeds its timeout', async () => {
    await expect(client.query(LONG_QUERY, { timeoutMs: 200 })).rejects.toMatchObject({
      kind: 'timeout',
    });
  });

  test('series by name, with the names of their labels', async () => {
    const series = await client.seriesLabelNames('{__name__=~".+"}', RANGE);
    expect(series).toEqual(
      new Map([
        ['depth', new Set(['queue', 'team'])],
        ['requests_total', new Set(['pod', 'path'])],
      ]),
    );
    expect(await client.seriesLabelNames('depth{team="y"}', RANGE)).toEqual(new Map());
  });

  test('series of another time', async () => {
    const range = { start: NOW - 86_400 * 3, end: NOW - 86_400 * 2 };
    expect(await client.seriesLabelNames('{__name__=~".+"}', range)).toEqual(new Map());
  });

  test('a selector that selects nothing, or is invalid', async () => {
    for (const match of ['{}', 'depth{', '']) {
      await expect(client.seriesLabelNames(match, RANGE)).rejects.toMatchObject({
        kind: 'bad_query',
        errorType: 'bad_data',
      });
    }
  });

  test('label names and label values', async () => {
    expect(await client.labelNames(['depth', 'requests_total{pod="a"}'], RANGE)).toEqual([
      '__name__',
      'path',
      'pod',
      'queue',
      'team',
    ]);
    expect(await client.labelNames(['depth'], RANGE)).toEqual(['__name__', 'queue', 'team']);
    expect(await client.labelValues('pod', [], RANGE)).toEqual(['a', 'b']);
    expect(await client.labelValues('pod', ['requests_total{path=~"say.*"}'], RANGE)).toEqual([
      'a',
    ]);
  });

  test('every request is reported', async () => {
    requests.length = 0;
    await client.query('1');
    await client.query('(').catch(() => {});
    await client.seriesLabelNames('depth', RANGE);
    await client.labelNames(['depth'], RANGE);
    await client.labelValues('pod', [], RANGE);
    expect(
      requests.map(({ endpoint, expression, outcome }) => [endpoint, expression, outcome]),
    ).toEqual([
      ['query', '1', 'success'],
      ['query', '(', 'bad_query'],
      ['series', 'depth', 'success'],
      ['labels', 'depth', 'success'],
      ['label_values', '', 'success'],
    ]);
    expect(requests.every(({ durationSeconds }) => durationSeconds > 0)).toBe(true);
  });
});

test('a query of 5,000 pods goes through a GET', async () => {
  const client = createPrometheusClient({ url: server.url });
  const pods = Array.from({ length: 5000 }, (_, index) => `some-deployment-7d9f6c5b4-${index}`);
  const query = `sum(requests_total{pod=~"a|${pods.join('|')}"}) by (pod)`;
  const answer = await client.query(query, { time: NOW });
  expect(
    answer.type === 'vector' ? [...answer.samples].map(({ labels }) => labels.pod) : [],
  ).toEqual(['a']);
  client.close();
});

test('a Prometheus with a shorter query timeout', async () => {
  const hasty = await startPrometheus({ flags: ['--query.timeout=100ms'] });
  const client = createPrometheusClient({ url: hasty.url });
  try {
    await expect(client.query(LONG_QUERY)).rejects.toMatchObject({
      kind: 'timeout',
      status: 503,
      errorType: 'timeout',
    });
  } finally {
    client.close();
    await hasty.stop();
  }
});

test('a Prometheus below a path', async () => {
  const prefixed = await startPrometheus({ flags: ['--web.route-prefix=/metrics/store'] });
  try {
    for (const path of ['/metrics/store', '/metrics/store/', '/metrics/store/?tenant=a']) {
      const client = createPrometheusClient({ url: `${prefixed.url}${path}` });
      expect(await client.query('2')).toMatchObject({ type: 'scalar', value: 2 });
      expect(await client.labelValues('pod', [], RANGE)).toEqual([]);
      client.close();
    }
    const client = createPrometheusClient({ url: prefixed.url });
    await expect(client.query('2')).rejects.toMatchObject({ kind: 'bad_answer', status: 404 });
    client.close();
  } finally {
    await prefixed.stop();
  }
});

test('a Prometheus that stops and restarts on the same port', async () => {
  const first = await startPrometheus();
  const client = createPrometheusClient({ url: first.url });
  const ask = () => client.query('1');
  try {
    // Several keep-alive connections, all of which are closed afterwards.
    await Promise.all([ask(), ask(), ask()]);
    await first.kill();
    await expect(Promise.allSettled([ask(), ask()])).resolves.toMatchObject([
      { reason: { kind: 'unreachable' } },
      { reason: { kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') } },
    ]);
    const second = await startPrometheus({ port: first.port });
    try {
      await Promise.all([ask(), ask(), ask(), ask()]);
    } finally {
      await second.stop();
    }
    const third = await startPrometheus({ port: first.port });
    try {
      // Without a failure in between: the previous connections are detected as closed and replaced.
      await Promise.all([ask(), ask(), ask(), ask()]);
    } finally {
      await third.stop();
    }
  } finally {
    await first.stop();
    client.close();
  }
});
