import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { type KnownResources, watchClusterResources } from './cluster-resources.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = { info: () => undefined, warn: () => undefined };

it('retries at least every 30 s after a failure, regardless of the interval', async () => {
  const attempts: number[] = [];
  const refuse = (path: string): Promise<never> => {
    if (path === '/api') attempts.push(Date.now());
    return Promise.reject(new KubernetesError('unreachable', 'connection refused'));
  };
  const client: KubernetesClient = {
    getJson: refuse,
    postJson: refuse,
    watch: refuse,
    close: () => undefined,
  };
  const resources = watchClusterResources({ client, intervalMs: 600_000, log: silent });
  await vi.advanceTimersByTimeAsync(3_600_000);
  resources.close();
  const waits = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
  expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
  expect(waits.filter((wait) => wait < 10_000).length).toBeLessThan(10);
});

/** The resources of an API server that has pods and the kinds of one group. */
function watch() {
  const state: { failure: Error | undefined; kinds: string[]; isStale: boolean; asked: number } = {
    failure: undefined,
    kinds: ['Cat'],
    isStale: false,
    asked: 0,
  };
  const entry = (kind: string) => ({
    resource: `${kind.toLowerCase()}s`,
    singularResource: kind.toLowerCase(),
    responseKind: { kind },
    scope: 'Namespaced',
  });
  const versionOf = (kinds: readonly string[]) => ({ version: 'v1', resources: kinds.map(entry) });
  const list = (name: string, version: object) => ({
    kind: 'APIGroupDiscoveryList',
    items: [{ metadata: { name }, versions: [version] }],
  });
  const unused = (): Promise<never> => Promise.reject(new Error('not expected here'));
  const client: KubernetesClient = {
    async getJson(path) {
      if (path === '/api') state.asked += 1;
      if (state.failure !== undefined) throw state.failure;
      const stale = { version: 'v1', freshness: 'Stale' };
      const pets = state.isStale ? stale : versionOf(state.kinds);
      const body = path === '/api' ? list('', versionOf(['Pod'])) : list('pets.example', pets);
      return { body, contentType: 'application/json' };
    },
    postJson: unused,
    watch: unused,
    close: () => undefined,
  };
  const changes: KnownResources[] = [];
  const logged: unknown[] = [];
  const resources = watchClusterResources({
    client,
    intervalMs: 60_000,
    onChange: (known) => changes.push(known),
    log: {
      info: (message, details) => logged.push(['info', message, details]),
      warn: (message, details) => logged.push(['warn', message, details]),
    },
  });
  return { state, resources, changes, logged };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

it('reads at once and then at the interval, counted from the end of an attempt', async () => {
  const { state, resources, changes, logged } = watch();
  await pass(0);
  expect([state.asked, changes.length]).toEqual([1, 1]);
  expect(resources.current().at).toBe(Date.now());
  await pass(59_999);
  expect(state.asked).toBe(1);
  await pass(1);
  expect(state.asked).toBe(2);
  await pass(30_000);
  await resources.refresh();
  expect(state.asked).toBe(3);
  await pass(59_999);
  expect(state.asked).toBe(3);
  await pass(1);
  expect([state.asked, changes.length]).toEqual([4, 1]);
  resources.close();
  await pass(600_000);
  await resources.refresh();
  expect(state.asked).toBe(4);
  expect(logged).toEqual([]);
});

it('retries with exponential backoff, and logs a failure once', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(1);
  const { state, resources, changes, logged } = watch();
  const failure = new KubernetesError('unreachable', 'connection refused');
  for (let round = 0; round < 2; round += 1) {
    await pass(0);
    state.failure = failure;
    await resources.refresh();
    const before = state.asked;
    for (const [attempt, wait] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      await pass(wait - 1);
      expect(state.asked).toBe(before + attempt);
      await pass(1);
      expect(state.asked).toBe(before + attempt + 1);
    }
    expect(resources.current().failure).toBe(failure);
    state.failure = undefined;
    await resources.refresh();
    expect(resources.current().failure).toBeUndefined();
  }
  resources.close();
  const lost = [
    'warn',
    'discovery of cluster resources failed, keeping the known resources',
    { error: 'connection refused' },
  ];
  const found = ['info', 'discovery of cluster resources succeeds again', undefined];
  expect(logged).toEqual([lost, found, lost, found]);
  expect(changes).toHaveLength(1);
  vi.restoreAllMocks();
});

it('reports changes of the resources and of the failed groups', async () => {
  const { state, resources, changes, logged } = watch();
  await pass(0);
  const { mapper } = resources.current();
  await resources.refresh();
  expect(resources.current().mapper).toBe(mapper);
  expect(changes).toHaveLength(1);

  state.kinds = ['Cat', 'Dog'];
  await resources.refresh();
  expect(resources.current().mapper.find('', 'dogs')?.kind).toBe('Dog');
  state.kinds = ['Cat', 'Rat'];
  await resources.refresh();
  expect(resources.current().mapper.find('', 'dogs')).toBeUndefined();
  expect(changes).toHaveLength(3);

  for (const isStale of [true, true, false, false]) {
    state.isStale = isStale;
    await resources.refresh();
    expect(resources.current().failedGroups).toEqual(isStale ? ['pets.example'] : []);
    expect(resources.current().mapper.find('', 'rats')?.kind).toBe('Rat');
  }
  expect(changes.map(({ failedGroups }) => failedGroups.length)).toEqual([0, 0, 0, 1, 0]);
  expect(logged).toEqual([
    ['warn', 'API groups unavailable', { groups: ['pets.example'] }],
    ['info', 'API groups available again', { groups: ['pets.example'] }],
  ]);
  resources.close();
});
