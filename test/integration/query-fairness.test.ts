// Slow queries of one user do not delay those of others.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LimitedAdapter, pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { QUEUE, queueRules } from '../fixtures/queue-rules.ts';
import { sendRequest } from '../golden/adapter.ts';
import { parametersOf, type StandIn, startStandIn } from './stand-in-server.ts';

const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue';

const held: (() => void)[] = [];
let prometheus: StandIn;
let adapter: LimitedAdapter;

beforeAll(async () => {
  prometheus = await startStandIn(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://stand-in');
    const query = (await parametersOf(request)).get('query') ?? '';
    if (query.includes('slow')) await new Promise<void>((resolve) => held.push(resolve));
    const series = [{ __name__: 'queue', namespace: 'shop', pod: 'web-0' }];
    const result = [{ metric: { namespace: 'shop', pod: 'web-0' }, value: [1_700_000_000, '7'] }];
    const data = pathname.endsWith('/series') ? series : { resultType: 'vector', result };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: 'success', data }));
  });
  adapter = await startLimitedAdapter({
    prometheusUrl: prometheus.url,
    rules: queueRules('queue'),
    objects: [pod('shop', 'web-0')],
    flags: ['--discovery=series', '--prometheus-max-concurrency=10'],
    review: (_path, document) => ({ ...Object(document), status: { allowed: true } }),
  });
}, 60_000);

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.close();
});

function get(path: string, user: string) {
  const headers = { 'x-remote-user': user, accept: 'application/json' };
  return sendRequest(adapter.port, { method: 'GET', path, headers }, adapter.frontProxy);
}

it('answers an autoscaler while a user has more slow queries than may run at once', async () => {
  const slow = Array.from({ length: 40 }, (_, i) =>
    get(`${EXTERNAL}?labelSelector=slow!%3Da${i}`, 'system:serviceaccount:shop:tenant'),
  );
  await expect.poll(() => held.length).toBe(8);
  for (let i = 0; i < 5; i += 1) {
    const labels = encodeURIComponent(`x!=a${i}`);
    expect((await get(`${QUEUE}?metricLabelSelector=${labels}`, 'autoscaler')).status).toBe(200);
  }
  expect(held).toHaveLength(8);
  const releasing = setInterval(() => {
    for (const release of held.splice(0)) release();
  }, 10);
  for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
  clearInterval(releasing);
}, 60_000);
