// Answers of Prometheus with hundreds of thousands of series: the adapter stays within the memory of a
// small container, its event loop is not blocked, and autoscalers get answers.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LimitedAdapter, pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { QUEUE, queueRules } from '../fixtures/queue-rules.ts';
import { sendRequest } from '../golden/adapter.ts';

const MANY = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/many';

let worker: Worker;
let adapter: LimitedAdapter;

/** Prepares the data of the stand-in for Prometheus. */
async function prepare(what: { readonly samples: number } | { readonly series: number }) {
  worker.postMessage(what);
  await once(worker, 'message');
}

beforeAll(async () => {
  worker = new Worker(new URL('../fixtures/large-prometheus-worker.ts', import.meta.url));
  const [prometheusUrl]: string[] = await once(worker, 'message');
  adapter = await startLimitedAdapter({
    prometheusUrl: prometheusUrl ?? '',
    rules: queueRules('many'),
    objects: [pod('shop', 'web-0')],
    // A busy machine must not open the circuit breaker.
    flags: ['--discovery=series', '--metrics-relist-interval=3s', '--prometheus-stall-timeout=20s'],
    review: (_path, document) => ({ ...Object(document), status: { allowed: true } }),
  });
}, 60_000);

afterAll(async () => {
  await adapter?.stop();
  await worker?.terminate();
});

/** Each selector is a different query, so none is shared. */
function getMany(size: string, index: number) {
  const selector = encodeURIComponent(`size=${size},x!=a${index}`);
  const path = `${MANY}?labelSelector=${selector}`;
  const headers = { 'x-remote-user': 'tenant' };
  return sendRequest(adapter.port, { method: 'GET', path, headers }, adapter.frontProxy);
}

/** Runs an attack, and expects that autoscalers are not affected. */
async function besideAnAutoscaler(attack: () => Promise<void>): Promise<void> {
  await adapter.eventLoop();
  const probe = adapter.probe(QUEUE, 'autoscaler');
  await attack();
  const { outcomes, requests, p99Ms } = await probe.stop();
  const { maxMs, p999Ms } = await adapter.eventLoop();
  expect(requests).toBeGreaterThan(3);
  expect(outcomes).toEqual({ 200: requests });
  expect({ maxMs, p999Ms, p99Ms }).toSatisfy(
    () => maxMs < 50 && p999Ms < 20 && p99Ms < 250,
    'the event loop is blocked for less than 50 ms, 20 ms at the 99.9th percentile, and autoscalers are answered within 250 ms',
  );
  expect(adapter.isRunning()).toBe(true);
  expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
}

it('rejects one of 400,000 series, and names the limit and the flag', async () => {
  await prepare({ samples: 400_000 });
  await besideAnAutoscaler(async () => {
    for (let round = 0; round < 5; round += 1) {
      expect((await getMany('400000', round)).status).toBe(500);
    }
  });
  expect(adapter.stdoutTail()).toContain(
    'which is two thirds of --prometheus-max-answer-memory; raise it together with the memory',
  );
}, 120_000);

it('answers 20 requests for 30,000 series each', async () => {
  await prepare({ samples: 30_000 });
  await besideAnAutoscaler(async () => {
    const requests = Array.from({ length: 20 }, (_, index) => getMany('30000', index));
    for (const { status, body } of await Promise.all(requests)) {
      expect(status, adapter.stdoutTail()).toBe(200);
      expect(body).toMatchObject({ items: { length: 30_000 } });
    }
  });
}, 120_000);

it('reads 400,000 series of discovery', async () => {
  await prepare({ series: 400_000 });
  await besideAnAutoscaler(async () => {
    const before = await discoveredBytes();
    await expect.poll(discoveredBytes, { timeout: 60_000 }).toBeGreaterThan(before + 100_000_000);
  });
}, 120_000);

async function discoveredBytes(): Promise<number> {
  const headers = { 'x-remote-user': 'tenant' };
  const request = { method: 'GET', path: '/metrics', headers };
  const { body } = await sendRequest(adapter.port, request, adapter.frontProxy);
  const [, bytes] = /response_bytes_total\{endpoint="series"\} (\S+)/.exec(String(body)) ?? [];
  return Number(bytes ?? 0);
}
