import { request, type ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createPrometheusClient } from '../../src/prometheus/client/client.ts';
import type { PrometheusOptions } from '../../src/prometheus/client/options.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { discoveryRound, type RoundResult } from './discovery-round.ts';
import { startStandIn } from './stand-in-server.ts';

const NOW = Math.floor(Date.now() / 1000);
const mapper = builtinResourceMapper();

const SAMPLES = [
  'load{namespace="a",pod="b"}',
  'load{namespace="a",node="c"}',
  'load_total{namespace="a",pod="b",kube_node="c"}',
  'depth{shard="a"}',
];

const overrides = { namespace: 'namespace', pod: 'pod', node: 'node' };
const rules = {
  custom: [
    compiledRule({ seriesQuery: '{__name__=~"lo.*"}', overrides }),
    compiledRule({ seriesQuery: '{__name__=~".+"}', as: 't_$0', template: 'kube_<<.Resource>>' }),
    compiledRule({ seriesQuery: 'depth', as: 'd', overrides }),
  ],
  external: [compiledRule({ seriesQuery: 'depth', namespaced: false }, 'external')],
};

let server: RunningPrometheus;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  const lines = SAMPLES.map((series) => `${series} 1 ${NOW - 60}`);
  server = await startPrometheusWith([...lines, '# EOF\n'].join('\n'));
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(async () => {
  await server?.stop();
});

/** How a server responds to a request for labels or their values; undefined: as Prometheus. */
type Quirk = (url: URL, response: ServerResponse) => URL | undefined;

/** One round against a Prometheus with a quirk, with the client's own time limit by default. */
async function roundWith(
  quirk: Quirk,
  mode: 'auto' | 'labels' | 'series' = 'auto',
  limits: Pick<PrometheusOptions, 'discoveryTimeoutMs'> = {},
) {
  const asked: string[] = [];
  const { url, close } = await startStandIn((received, response) => {
    const target = new URL(received.url ?? '/', server.url);
    asked.push(target.pathname);
    const sentTo = target.pathname.endsWith('/series') ? target : quirk(target, response);
    if (sentTo === undefined) return;
    request(sentTo, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
  });
  closers.push(close);
  const source = createPrometheusClient({ url, ...limits });
  closers.push(source.close);
  const result = await discoveryRound({ source, rules, mapper, mode, start: NOW - 600 });
  return { ...result, asked };
}

function failuresOf({ outcomes }: RoundResult): readonly unknown[] {
  return outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
}

const answering =
  (status: number, body: string, type = 'application/json'): Quirk =>
  (_url, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
    return undefined;
  };

const isProbe = (url: URL): boolean => url.searchParams.get('match[]')?.includes('probe') ?? false;

/** As Prometheus before 2.24. */
function withoutMatch(url: URL): URL {
  url.searchParams.delete('match[]');
  return url;
}

describe('a server that does not restrict labels by a selector', () => {
  test.each<[string, Quirk]>([
    ['and answers for all series', withoutMatch],
    ['of values only', (url) => (url.pathname.endsWith('/values') ? withoutMatch(url) : url)],
    ['of names only', (url) => (url.pathname.endsWith('/labels') ? withoutMatch(url) : url)],
    [
      'and reports it',
      answering(400, '{"status":"error","errorType":"bad_data","error":"match[]"}'),
    ],
    ['and cannot', answering(422, '{"status":"error","errorType":"execution","error":"no"}')],
    ['and does not serve the path', answering(404, 'page not found', 'text/plain')],
    ['and forbids it', answering(403, 'Forbidden', 'text/plain')],
    ['and does not implement it', answering(501, 'Not Implemented', 'text/plain')],
    ['and answers with an HTML page', answering(200, '<html>', 'text/html')],
  ])('%s, gets requests for series', async (_what, quirk) => {
    const expected = await roundWith((url) => url, 'series');
    const found = await roundWith(quirk);
    expect(found.served).toEqual(expected.served);
    expect(found.served.length).toBeGreaterThan(5);
    expect(found.strategies).toMatchObject([{ strategy: 'series' }]);
    expect(failuresOf(found)).toEqual([]);
  });

  test.each(['[]', 'null'])('and always answers with %s, loses no metric', async (nothing) => {
    const expected = await roundWith((url) => url, 'series');
    const found = await roundWith(answering(200, `{"status":"success","data":${nothing}}`));
    expect(found.served).toEqual(expected.served);
    expect(failuresOf(found)).toEqual([]);
  });
});

describe('a server that is unavailable', () => {
  test.each<[string, Quirk, string]>([
    ['is down', answering(503, 'starting', 'text/plain'), 'unavailable'],
    ['is busy', answering(429, 'slow down', 'text/plain'), 'unavailable'],
    ['is slow', () => undefined, 'timeout'],
  ])('because it %s: nothing is decided, and no series are downloaded', async (_, quirk, kind) => {
    const limits = kind === 'timeout' ? { discoveryTimeoutMs: 500 } : {};
    const { strategies, outcomes, asked } = await roundWith(quirk, 'auto', limits);
    expect(strategies).toEqual([]);
    expect(outcomes).toMatchObject(Array(3).fill({ error: { kind } }));
    expect(asked.filter((path) => path.endsWith('/series'))).toEqual([]);
  });
});

describe('a server that restricts labels, but not for every query', () => {
  const refusingPods: Quirk = (url, response) =>
    url.searchParams.get('match[]')?.includes('pod!=') === true
      ? answering(422, '{"status":"error","errorType":"execution","error":"no pods"}')(
          url,
          response,
        )
      : url;

  test('gets a request for the series of that query', async () => {
    const expected = await roundWith((url) => url, 'series');
    const found = await roundWith(refusingPods);
    expect(found.served).toEqual(expected.served);
    expect(found.outcomes).toMatchObject([
      { strategy: 'series', fallback: expect.stringContaining('no pods') },
      { strategy: 'labels' },
      { strategy: 'labels' },
    ]);
  });

  test('fails only the queries that it fails', async () => {
    const found = await roundWith((url, response) =>
      url.searchParams.get('match[]')?.includes('pod!=') === true
        ? answering(500, 'oh', 'text/plain')(url, response)
        : url,
    );
    expect(found.outcomes).toMatchObject([
      { error: { kind: 'unavailable' } },
      { strategy: 'labels' },
      { strategy: 'labels' },
    ]);
  });
});

test('the flag overrides the detected strategy', async () => {
  const byLabels = await roundWith((url) => url, 'labels');
  expect(byLabels.asked.some((path) => path.endsWith('/series'))).toBe(false);
  const bySeries = await roundWith((url) => url, 'series');
  expect(bySeries.asked.every((path) => path.endsWith('/series'))).toBe(true);
  const probed = await roundWith(
    (url, response) => (isProbe(url) ? answering(503, '', 'text/plain')(url, response) : url),
    'labels',
  );
  expect(failuresOf(probed)).toEqual([]);
});
