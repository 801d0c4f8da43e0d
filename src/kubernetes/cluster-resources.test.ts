import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchClusterResources } from './cluster-resources.ts';
import { KubernetesError } from './kubernetes-error.ts';
import type { KubernetesRequester } from './requester.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = { info: () => undefined, warn: () => undefined };

it('asks an API server that is away at least every half minute, however rarely it asks else', async () => {
  const attempts: number[] = [];
  const refuse = (path: string): Promise<never> => {
    if (path === '/api') attempts.push(Date.now());
    return Promise.reject(new KubernetesError('unreachable', 'connection refused'));
  };
  const requester: KubernetesRequester = {
    getJson: refuse,
    postJson: refuse,
    watch: refuse,
    close: () => undefined,
  };
  const resources = watchClusterResources({ requester, intervalMs: 600_000, log: silent });
  await vi.advanceTimersByTimeAsync(3_600_000);
  resources.close();
  const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  expect(waits.filter((wait) => wait < 10_000).length).toBeLessThan(10);
});
