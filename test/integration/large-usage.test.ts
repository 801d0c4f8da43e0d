// Metrics of all pods of a large cluster: the two answers for one request, for CPU and for memory, are
// processed independently, and several such requests fit into a small container.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LimitedAdapter, pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { QUEUE } from '../fixtures/queue-rules.ts';
import { sendRequest } from '../golden/adapter.ts';

const RULES = `
rules:
- seriesQuery: 'queue{namespace!="",pod!=""}'
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  metricsQuery: sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)
resourceRules:
  cpu: &usage
    containerQuery: sum(cpu{size="0",<<.LabelMatchers>>}) by (<<.GroupBy>>)
    nodeQuery: sum(cpu{size="0",<<.LabelMatchers>>}) by (<<.GroupBy>>)
    resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}, node: {resource: node}}}
    containerLabel: container
  memory:
    <<: *usage
    containerQuery: sum(memory{size="0",<<.LabelMatchers>>}) by (<<.GroupBy>>)
`;

const PODS = 25_000;

let worker: Worker;
let adapter: LimitedAdapter;

beforeAll(async () => {
  worker = new Worker(new URL('../fixtures/large-prometheus-worker.ts', import.meta.url));
  const [prometheusUrl]: string[] = await once(worker, 'message');
  worker.postMessage({ usage: PODS });
  await once(worker, 'message');
  adapter = await startLimitedAdapter({
    prometheusUrl: prometheusUrl ?? '',
    rules: RULES,
    objects: [
      pod('shop', 'web-0'),
      // Of the namespaces of `usageSamples`.
      ...Array.from({ length: PODS }, (_, i) => pod(`team-${i % 50}`, `web-7d9f8c6b5d-${i}`)),
    ],
    flags: ['--discovery=series', '--prometheus-stall-timeout=20s'],
    review: (_path, document) => ({ ...Object(document), status: { allowed: true } }),
  });
}, 60_000);

afterAll(async () => {
  await adapter?.stop();
  await worker?.terminate();
});

/** Each selector is a different request with the same queries. */
function usageOfAll(index: number) {
  const path = `/apis/metrics.k8s.io/v1beta1/pods?labelSelector=x!%3Da${index}`;
  const headers = { 'x-remote-user': 'operator', accept: 'application/json' };
  return sendRequest(adapter.port, { method: 'GET', path, headers }, adapter.frontProxy);
}

it('are served to concurrent clients without delay for autoscalers', async () => {
  const probe = adapter.probe(QUEUE, 'autoscaler');
  const responses = await Promise.all([0, 1, 2, 3].map(usageOfAll));
  const { outcomes, requests } = await probe.stop();
  for (const { status, body } of responses) {
    expect(status, adapter.stdoutTail()).toBe(200);
    expect(body).toMatchObject({ items: { length: PODS } });
  }
  expect(outcomes).toEqual({ 200: requests });
  expect(adapter.isRunning()).toBe(true);
  expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
}, 120_000);
