import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClusterResource } from '../../src/apimachinery/cluster-resource.ts';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import { connectKubernetes } from '../../src/kubernetes/client/connection.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import type { ObjectIndexMetrics } from '../../src/kubernetes/monitoring.ts';
import type { ObjectIndexLimits } from '../../src/kubernetes/objects/limits.ts';
import { createObjectIndex, type ObjectIndex } from '../../src/kubernetes/objects/object-index.ts';
import { startKubernetesApi } from '../golden/kubernetes-api.ts';
import { parseGroups } from '../golden/kubernetes-discovery.ts';
import { readData } from '../golden/recorded-cases.ts';
import { kubeconfigText, sendStatus } from './kubernetes-server.ts';
import { type ObjectServer, startObjectServer } from './object-server.ts';

let directory: string;
let server: ObjectServer;
let open: (() => unknown)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'object-index-'));
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  server = await startObjectServer();
  open.push(() => server.close());
});
afterEach(async () => {
  for (const close of open.reverse()) await close();
  open = [];
});

/** Quick enough for tests; what a test is about it sets itself. */
const QUICK: Partial<ObjectIndexLimits> = {
  retryMs: 2,
  maxRetryMs: 10,
  settleMs: 20,
  firstListTimeoutMs: 60_000,
};

interface Recorded {
  readonly index: ObjectIndex;
  /** The reports, as `asked pods index`, `list pods success`, ... */
  readonly reports: string[];
  readonly warnings: string[];
  /** The number of objects that was reported last. */
  readonly sizes: Map<string, number | undefined>;
}

async function startIndex(
  limits: Partial<ObjectIndexLimits> = {},
  settings: { url?: string; now?: () => number; timeoutMs?: number } = {},
): Promise<Recorded> {
  const kubeconfigFile = path.join(directory, 'config');
  await writeFile(
    kubeconfigFile,
    kubeconfigText({ cluster: { server: settings.url ?? server.url } }),
  );
  const client = await connectKubernetes({
    kubeconfigFile,
    userAgent: 'test',
    timeoutMs: settings.timeoutMs ?? 5_000,
  });
  const reports: string[] = [];
  const warnings: string[] = [];
  const sizes = new Map<string, number | undefined>();
  const report: ObjectIndexMetrics = {
    objectsIndexed: (resource, count) => sizes.set(resource, count),
    objectListRead: (resource, outcome) => reports.push(`list ${resource} ${outcome}`),
    objectWatchEnded: (resource, outcome) => reports.push(`watch ${resource} ${outcome}`),
    objectEventReceived: (resource, type) => reports.push(`event ${resource} ${type}`),
    objectsRequested: (resource, source) => reports.push(`asked ${resource} ${source}`),
  };
  const index = createObjectIndex({
    client,
    log: { info: () => undefined, warn: (message) => warnings.push(message) },
    report,
    limits: { ...QUICK, ...limits },
    ...(settings.now && { now: settings.now }),
  });
  open.push(
    () => client.close(),
    () => index.close(),
  );
  return { index, reports, warnings, sizes };
}

function resource(group: string, name: string): ClusterResource {
  const found = builtinResourceMapper().find(group, name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const pods = resource('', 'pods');
const select = (selector: string, namespace: string | undefined = 'shop') => ({
  resource: pods,
  namespace,
  selector: parseLabelSelector(selector),
});

/** Waits until the condition holds. If it never does, the timeout of the test applies. */
function until(isTrue: () => unknown): Promise<void> {
  return expect.poll(isTrue, { timeout: 20_000, interval: 2 }).toBe(true);
}

async function untilNames(index: ObjectIndex, selector: string, names: readonly string[]) {
  await expect
    .poll(() => index.list(select(selector)), { timeout: 20_000, interval: 2 })
    .toEqual(names);
}

describe('many requests', () => {
  it('2,000 pods and 200 selectors are one list and one watch', async () => {
    const api = await startKubernetesApi({
      groups: parseGroups(readData('kube-discovery.json')),
      objects: Array.from({ length: 2_000 }, (_, pod) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `pod-${String(pod).padStart(4, '0')}`,
          namespace: `ns-${pod % 40}`,
          labels: { app: `app-${pod % 200}` },
        },
      })),
      kubeconfig: path.join(directory, 'golden-config'),
    });
    open.push(() => api.close());
    const { index, reports } = await startIndex({}, { url: api.url });

    const round = () =>
      Promise.all(
        Array.from({ length: 200 }, (_, app) =>
          index.list(select(`app=app-${app}`, `ns-${app % 40}`)),
        ),
      );
    const first = await round();
    expect(first.every((names) => names.length === 10)).toBe(true);
    expect(first.flat().toSorted()).toEqual(
      Array.from({ length: 2_000 }, (_, pod) => `pod-${String(pod).padStart(4, '0')}`),
    );
    await until(() => reports.includes('event pods BOOKMARK'));
    for (let again = 0; again < 5; again += 1) expect(await round()).toEqual(first);

    // Four pages and the watch.
    expect([...api.requestCounts()]).toEqual([['/api/v1/pods', 5]]);
    expect(reports.filter((line) => line === 'asked pods index')).toHaveLength(1_200);
    expect(reports.filter((line) => line.startsWith('list'))).toEqual(['list pods success']);

    const pod = { apiVersion: 'v1', kind: 'Pod' };
    api.objects.add({
      ...pod,
      metadata: { name: 'a', namespace: 'ns-0', labels: { app: 'app-0' } },
    });
    api.objects.remove({ ...pod, metadata: { name: 'pod-0000', namespace: 'ns-0' } });
    await expect
      .poll(() => index.list(select('app=app-0', 'ns-0')))
      .toEqual(['a', ...(first[0] ?? []).slice(1)]);
    expect([...api.requestCounts()]).toEqual([['/api/v1/pods', 5]]);
  });

  it('requests metadata only, and bookmarks', async () => {
    server.put({ namespace: 'shop', name: 'a' });
    const { index } = await startIndex();
    await index.list(select(''));
    await until(() => server.openWatches() === 1);
    const [list, watch] = server.requests;
    expect(list?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
    expect(list?.url.searchParams.get('limit')).toBe('500');
    expect(watch?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    );
    expect(Object.fromEntries(watch?.url.searchParams ?? [])).toMatchObject({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '1',
    });
    const seconds = Number(watch?.url.searchParams.get('timeoutSeconds'));
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThanOrEqual(600);
  });
});

describe('lists', () => {
  it('have objects with their labels, of one namespace or all, and by name', async () => {
    server.put({ namespace: 'shop', name: 'b', labels: { app: 'web' } });
    server.put({ namespace: 'shop', name: 'a' });
    server.put({ namespace: 'a-b', name: 'a' });
    server.put({ namespace: 'a', name: 'c' });
    const { index } = await startIndex();
    const all = await index.objects({ ...select(''), namespace: undefined });
    expect(all.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
      'a-b/a',
      'a/c',
      'shop/a',
      'shop/b',
    ]);
    expect(await index.objects({ ...select(''), name: 'b' })).toEqual([
      {
        namespace: 'shop',
        name: 'b',
        labels: { app: 'web' },
        createdAt: Date.UTC(2026, 0, 31, 8, 15) / 1000,
      },
    ]);
    expect(await index.objects({ ...select(''), name: 'nope' })).toEqual([]);
    expect(await index.objects({ ...select(''), name: 'b,metadata.name=a' })).toEqual([]);
  });

  it('a field selector has its own index, which follows its objects', async () => {
    server.put({ namespace: 'shop', name: 'a', phase: 'Running' });
    server.put({ namespace: 'shop', name: 'b', phase: 'Pending' });
    const { index } = await startIndex();
    const running = { ...select(''), fieldSelector: 'status.phase=Running' };
    const names = async () => (await index.objects(running)).map(({ name }) => name);
    expect(await names()).toEqual(['a']);
    expect(await index.list(select(''))).toEqual(['a', 'b']);
    await until(() => server.openWatches() === 2);
    server.put({ namespace: 'shop', name: 'b', phase: 'Running' });
    server.put({ namespace: 'shop', name: 'a', phase: 'Succeeded' });
    await expect.poll(names).toEqual(['b']);
    expect(server.count('list')).toBe(2);
  });

  it('sends no request for a selector that selects nothing', async () => {
    const { index } = await startIndex();
    const nodes = { ...select(''), resource: resource('', 'nodes'), namespace: 'shop' };
    for (const request of [nodes, { ...select(''), namespace: '..' }]) {
      expect(await index.list(request)).toEqual([]);
      expect(await index.objects(request)).toEqual([]);
    }
    for (const name of ['a,metadata.namespace=lab', 'a=b', '']) {
      expect(await index.objects({ ...select(''), name })).toEqual([]);
    }
    expect(server.requests).toEqual([]);
  });
});

describe('before the first list', () => {
  it('requests wait for the whole first list', async () => {
    for (let pod = 0; pod < 1_200; pod += 1) server.put({ namespace: 'shop', name: `pod-${pod}` });
    const held: (() => void)[] = [];
    const { index } = await startIndex();
    const { promise: isHeld, resolve } = Promise.withResolvers<void>();
    server.intercept((kind, response) => {
      if (kind !== 'page' || held.length > 0) return false;
      held.push(() => sendStatus(response, 410, 'too old'));
      resolve();
      return true;
    });
    const asked = [index.list(select('')), index.list(select('', 'none'))];
    await isHeld;
    const canceled = new AbortController();
    const given = index.list({ ...select(''), signal: canceled.signal });
    canceled.abort();
    await expect(given).rejects.toMatchObject({ kind: 'canceled' });
    for (const go of held) go();
    const [names, none] = await Promise.all(asked);
    expect(names).toHaveLength(1_200);
    expect(none).toEqual([]);
    // Started again, as the first continue token expired.
    expect([server.count('list'), server.count('page')]).toEqual([2, 3]);
  });

  it('a request sends its own list after a timeout', async () => {
    server.put({ namespace: 'shop', name: 'a', labels: { app: 'web' } });
    // The list of the index itself. Which of the two lists arrives first is not defined here.
    server.intercept((_, { req }) => req.url?.startsWith('/api/v1/pods?') === true);
    const { index, reports } = await startIndex({ firstListTimeoutMs: 5 }, { timeoutMs: 60_000 });
    expect(await index.list(select('app=web'))).toEqual(['a']);
    const [object] = await index.objects(select('app=web'));
    expect(object).toMatchObject({ namespace: 'shop', name: 'a', labels: { app: 'web' } });
    expect(reports).toEqual(['asked pods listing', 'asked pods listing']);
    expect(server.requests.map(({ url }) => url.pathname).toSorted()).toEqual([
      '/api/v1/namespaces/shop/pods',
      '/api/v1/namespaces/shop/pods',
      '/api/v1/pods',
    ]);
  });

  it('an unreachable API server is reported at once, and the list is retried', async () => {
    server.put({ namespace: 'shop', name: 'a' });
    server.intercept((_, response) => {
      response.destroy();
      return true;
    });
    const { index, reports } = await startIndex();
    await expect(index.list(select(''))).rejects.toMatchObject({ kind: 'unreachable' });
    expect(reports).toContain('asked pods none');
    server.intercept(undefined);
    await expect.poll(() => index.list(select('')).catch(() => 'an error')).toEqual(['a']);
  });
});

describe('a watch that ends', () => {
  async function followed(settings: Partial<ObjectIndexLimits> = {}) {
    server.put({ namespace: 'shop', name: 'pillar', labels: { app: 'web' } });
    const started = await startIndex(settings);
    expect(await started.index.list(select(''))).toEqual(['pillar']);
    await until(() => server.openWatches() === 1);
    return started;
  }

  it.each([
    ['is ended by the server', () => server.end()],
    ['is cut', () => server.cut()],
    ['is cut within an event', () => server.cut('{"type":"ADDED","object":{"meta')],
  ])('continues where it was when it %s', async (_, stop) => {
    const { index, reports } = await followed();
    server.put({ namespace: 'shop', name: 'before' });
    await untilNames(index, '', ['before', 'pillar']);
    stop();
    server.put({ namespace: 'shop', name: 'after' });
    server.remove('shop', 'before');
    await untilNames(index, '', ['after', 'pillar']);
    await until(() => server.openWatches() === 1);
    expect([server.count('list'), server.count('watch')]).toEqual([1, 2]);
    expect(reports.filter((line) => line.startsWith('list'))).toHaveLength(1);
    expect(server.requests.at(-1)?.url.searchParams.get('resourceVersion')).toMatch(/^[234]$/);
  });

  it('continues from the last bookmark', async () => {
    const { index, reports } = await followed();
    for (let change = 0; change < 5; change += 1) {
      // Root-scoped and other resources move the version on too; here pods that come and go.
      server.put({ namespace: 'lab', name: 'x' });
      server.remove('lab', 'x');
    }
    server.bookmark();
    await until(() => reports.includes('event pods BOOKMARK'));
    server.forget();
    server.cut();
    await until(() => server.count('watch') === 2);
    expect(server.requests.at(-1)?.url.searchParams.get('resourceVersion')).toBe('11');
    expect(await index.list(select(''))).toEqual(['pillar']);
    expect(server.count('list')).toBe(1);
  });

  it('is restarted after a stall', async () => {
    const { index, reports } = await followed({ stallTimeoutMs: 60 });
    await until(() => reports.includes('watch pods timeout'));
    server.put({ namespace: 'shop', name: 'a' });
    await untilNames(index, '', ['a', 'pillar']);
    expect(server.count('list')).toBe(1);
  });

  it.each([
    ['an event that is garbage', () => server.say('{"type":')],
    ['an event of no object', () => server.say('{"type":"ADDED","object":{}}')],
    ['an event that is too large', () => server.say('x'.repeat(3 * 1024 * 1024))],
    [
      'an error in its midst',
      () => server.say('{"type":"ERROR","object":{"code":410,"message":"too old"}}'),
    ],
    [
      'a version that is forgotten',
      () => {
        server.put({ namespace: 'shop', name: 'unseen' });
        server.remove('shop', 'unseen');
        server.cut();
        server.remove('shop', 'gone');
        server.forget();
      },
    ],
  ])('lists again after %s', async (_, spoil) => {
    const { index } = await followed();
    server.put({ namespace: 'shop', name: 'gone' });
    await untilNames(index, '', ['gone', 'pillar']);
    spoil();
    server.remove('shop', 'gone');
    await untilNames(index, '', ['pillar']);
    await until(() => server.count('list') === 2 && server.openWatches() === 1);
  });

  it('serves the old objects until the new list is complete', async () => {
    for (let pod = 0; pod < 600; pod += 1) {
      server.put({ namespace: 'shop', name: `pod-${pod}`, labels: { app: 'old' } });
    }
    const { index } = await startIndex();
    expect(await index.list(select('app=old'))).toHaveLength(600);
    await until(() => server.openWatches() === 1);

    const held: (() => void)[] = [];
    const { promise: isHeld, resolve } = Promise.withResolvers<void>();
    server.intercept((kind, response) => {
      if (kind !== 'page') return false;
      held.push(() => sendStatus(response, 410, 'forgotten'));
      resolve();
      return true;
    });
    server.cut();
    for (let pod = 0; pod < 600; pod += 1) {
      server.put({ namespace: 'shop', name: `pod-${pod}`, labels: { app: 'new' } });
    }
    server.forget();
    await isHeld;
    expect(await index.list(select('app=old'))).toHaveLength(600);
    expect(await index.list(select('app=new'))).toEqual([]);
    server.intercept(undefined);
    for (const go of held) go();
    const seen = new Set<string>();
    const state = async () => {
      const objects = await index.objects(select('app'));
      const apps = new Set(objects.map(({ labels }) => labels.app));
      const now = `${objects.length} ${[...apps].join(' and ')}`;
      seen.add(now);
      return now;
    };
    expect(await state()).toBe('600 old');
    await expect.poll(state, { interval: 1 }).toBe('600 new');
    expect([...seen]).toEqual(['600 old', '600 new']);
  });

  it('is in contact right after a relist, before the first watch event', async () => {
    let clock = 0;
    server.put({ namespace: 'shop', name: 'a' });
    const { index, reports, warnings } = await startIndex(
      { maxStaleMs: 60_000 },
      { now: () => clock },
    );
    expect(await index.list(select(''))).toEqual(['a']);
    await until(() => server.openWatches() === 1);

    server.intercept((_, response) => {
      sendStatus(response, 503, 'starting up');
      return true;
    });
    server.cut();
    await until(() => server.count('watch') > 2);
    clock += 100_000;
    await expect(index.list(select(''))).rejects.toMatchObject({ kind: 'server_error' });

    // The watch starts again, and then the server sends nothing, not even a response header.
    const silent: ServerResponse[] = [];
    let isForgotten = false;
    server.intercept((kind, response) => {
      if (kind !== 'watch') return false;
      if (isForgotten) silent.push(response);
      else sendStatus(response, 410, 'forgotten');
      isForgotten = true;
      return true;
    });
    await until(() => silent.length > 0);
    expect(reports.filter((report) => report === 'list pods success')).toHaveLength(2);
    // That a version is forgotten is nothing to be warned of.
    expect(warnings).toEqual(['list or watch of a resource failed, retrying']);
    expect(await index.list(select(''))).toEqual(['a']);
    clock += 60_000;
    expect(await index.list(select(''))).toEqual(['a']);
    clock += 1;
    await expect(index.list(select(''))).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('serves its objects for a limited time', async () => {
    let clock = 0;
    server.put({ namespace: 'shop', name: 'a' });
    const { index, warnings } = await startIndex({ maxStaleMs: 60_000 }, { now: () => clock });
    expect(await index.list(select(''))).toEqual(['a']);
    await until(() => server.openWatches() === 1);
    // In contact: nothing becomes old.
    server.bookmark();
    await expect
      .poll(async () => {
        clock += 600_000;
        return index.list(select('')).catch(() => 'an error');
      })
      .toEqual(['a']);

    server.intercept((_, response) => {
      sendStatus(response, 503, 'starting up');
      return true;
    });
    server.cut();
    await until(() => warnings.length > 0 && server.count('watch') > 2);
    clock += 59_000;
    expect(await index.list(select(''))).toEqual(['a']);
    clock += 2_000;
    await expect(index.list(select(''))).rejects.toMatchObject({
      kind: 'server_error',
      message: expect.stringMatching(/^pods: the object index is 61 s old: .*starting up/),
    });

    server.put({ namespace: 'shop', name: 'b' });
    server.intercept(undefined);
    await expect.poll(() => index.list(select('')).catch(() => 'an error')).toEqual(['a', 'b']);
    expect(server.count('list')).toBe(1);
    expect(warnings).toEqual(['list or watch of a resource failed, retrying']);
  });
});

describe('without an index', () => {
  it('more objects than allowed are listed by request, after one page', async () => {
    for (let pod = 0; pod < 600; pod += 1) {
      server.put({ namespace: 'shop', name: `pod-${pod}`, labels: { n: String(pod) } });
    }
    const { index, reports, warnings, sizes } = await startIndex({
      maxObjects: 599,
      unavailableRetryMs: 60_000,
    });
    expect(await index.list(select('n=7'))).toEqual(['pod-7']);
    expect(await index.list(select('n in (8,9)'))).toEqual(['pod-8', 'pod-9']);
    expect([server.count('list'), server.count('page'), server.count('watch')]).toEqual([3, 0, 0]);
    expect(reports).toEqual(['list pods too_large', 'asked pods listing', 'asked pods listing']);
    expect(warnings).toEqual(['cannot index a resource: each request lists its objects']);
    expect(sizes.get('pods')).toBeUndefined();
  });

  it('concurrent requests get their own objects', async () => {
    server.put({ namespace: 'shop', name: 'a', labels: { app: 'web' } });
    server.put({ namespace: 'shop', name: 'b', labels: { app: 'db' }, phase: 'Pending' });
    server.put({ namespace: 'lab', name: 'a', labels: { app: 'web' } });
    const { index } = await startIndex({ maxObjects: 0 });
    const running = { fieldSelector: 'status.phase=Running' };
    const requests = [
      // A narrow one first: a wide one would do for all others of its path.
      [select('app=web'), ['shop/a']],
      [select('app=db'), ['shop/b']],
      [select(''), ['shop/a', 'shop/b']],
      [select('', 'lab'), ['lab/a']],
      [{ ...select(''), namespace: undefined }, ['lab/a', 'shop/a', 'shop/b']],
      [{ ...select(''), name: 'a' }, ['shop/a']],
      [{ ...select(''), name: 'b' }, ['shop/b']],
      [{ ...select(''), ...running }, ['shop/a']],
      [{ ...select('app=db'), ...running }, []],
      [{ ...select(''), ...running, name: 'b' }, []],
      [{ ...select(''), ...running, name: 'a', namespace: undefined }, ['lab/a', 'shop/a']],
    ] as const;
    const found = await Promise.all(
      requests.map(async ([request]) =>
        (await index.objects(request)).map(({ namespace, name }) => `${namespace}/${name}`),
      ),
    );
    expect(found).toEqual(requests.map(([, expected]) => expected));
    const byName = [select(''), select('', 'lab'), select('app=web'), select('app=db')];
    expect(await Promise.all(byName.map((request) => index.list(request)))).toEqual([
      ['a', 'b'],
      ['a'],
      ['a'],
      ['b'],
    ]);
  });

  it('concurrent requests for the same objects share a list', async () => {
    server.put({ namespace: 'shop', name: 'a', labels: { app: 'web' } });
    const { index } = await startIndex({ maxObjects: 0 });
    const [one, other] = await Promise.all([
      index.objects(select('app=web')),
      index.objects(select('app=web')),
    ]);
    expect(other).toEqual(one);
    expect(server.count('list')).toBe(1);
  });

  it('an index that becomes too large is dropped', async () => {
    server.put({ namespace: 'shop', name: 'a' });
    const { index, reports, sizes } = await startIndex({ maxObjects: 2 });
    expect(await index.list(select(''))).toEqual(['a']);
    await until(() => server.openWatches() === 1);
    expect(sizes.get('pods')).toBe(1);
    server.put({ namespace: 'shop', name: 'b' });
    server.put({ namespace: 'shop', name: 'c' });
    await until(() => reports.includes('watch pods too_large'));
    expect(await index.list(select(''))).toEqual(['a', 'b', 'c']);
    expect(reports.at(-1)).toBe('asked pods listing');
    expect(sizes.get('pods')).toBeUndefined();
  });

  it('resources without permission to watch are listed, and indexed with it', async () => {
    server.put({ namespace: 'shop', name: 'a' });
    server.intercept((kind, response) => {
      if (kind === 'watch') sendStatus(response, 403, 'pods is forbidden: cannot watch');
      return kind === 'watch';
    });
    const { index, reports } = await startIndex({ unavailableRetryMs: 30 });
    expect(await index.list(select(''))).toEqual(['a']);
    await until(() => reports.includes('watch pods forbidden'));
    server.put({ namespace: 'shop', name: 'b' });
    await untilNames(index, '', ['a', 'b']);
    server.intercept(undefined);
    await expect
      .poll(async () => {
        await index.list(select(''));
        return server.openWatches() === 1 && reports.at(-1);
      })
      .toBe('asked pods index');
  });

  it('resources without permission to list fail with the reason', async () => {
    server.intercept((_, response) => {
      sendStatus(response, 403, 'cannot list pods');
      return true;
    });
    const { index } = await startIndex();
    for (const lookUp of [index.list, index.objects]) {
      await expect(lookUp(select(''))).rejects.toMatchObject({ kind: 'forbidden', status: 403 });
    }
  });

  it('the number of indexed resources is limited', async () => {
    const { index, reports, warnings } = await startIndex({ maxIndexes: 1 });
    await index.list(select(''));
    await index.list({ ...select(''), resource: resource('apps', 'deployments') });
    await index.list({ ...select(''), resource: resource('', 'services') });
    await until(() => server.openWatches() === 1);
    expect(reports.filter((line) => line.startsWith('asked'))).toEqual([
      'asked pods index',
      'asked deployments.apps listing',
      'asked services listing',
    ]);
    expect(warnings).toEqual([
      'too many resources to index: requests for the others list their objects',
    ]);
  });
});

describe('the end of an index', () => {
  it('an index is kept while there are requests for it', async () => {
    let clock = 0;
    server.put({ namespace: 'shop', name: 'a' });
    const { index } = await startIndex({ idleMs: 40 }, { now: () => clock });
    await index.list(select(''));
    await until(() => server.openWatches() === 1);
    for (let round = 0; round < 5; round += 1) {
      clock += 30;
      expect(await index.list(select(''))).toEqual(['a']);
      // Longer than the interval between two checks for unused indexes.
      await sleep(25);
    }
    expect([server.count('list'), server.count('watch')]).toEqual([1, 1]);
  });

  it('an unused index is dropped, and built again at the next request', async () => {
    let clock = 0;
    server.put({ namespace: 'shop', name: 'a' });
    const { index, sizes } = await startIndex({ idleMs: 40 }, { now: () => clock });
    await index.list(select(''));
    await until(() => server.openWatches() === 1);
    clock = 41;
    await until(() => server.openWatches() === 0);
    expect(sizes.get('pods')).toBeUndefined();
    server.put({ namespace: 'shop', name: 'b' });
    expect(await index.list(select(''))).toEqual(['a', 'b']);
    expect(server.count('list')).toBe(2);
  });

  it('close ends the watches', async () => {
    const { index } = await startIndex();
    await index.list(select(''));
    await until(() => server.openWatches() === 1);
    index.close();
    await until(() => server.openWatches() === 0);
  });
});

describe('random events', () => {
  const pod = fc.record({
    namespace: fc.constantFrom('shop', 'lab', 'lab-9'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    labels: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('1', '2')),
    phase: fc.constantFrom('Running', 'Pending'),
  });
  const step = fc.oneof(
    { weight: 8, arbitrary: pod.map((value) => () => server.put(value)) },
    { weight: 4, arbitrary: pod.map((value) => () => server.remove(value.namespace, value.name)) },
    { weight: 1, arbitrary: fc.constant(() => server.cut()) },
    { weight: 1, arbitrary: fc.constant(() => server.cut('{"type":"DELETED","obj')) },
    { weight: 1, arbitrary: fc.constant(() => server.end()) },
    { weight: 1, arbitrary: fc.constant(() => server.forget()) },
    { weight: 1, arbitrary: fc.constant(() => server.say('not an event')) },
    { weight: 1, arbitrary: fc.constant(() => server.bookmark()) },
    { weight: 1, arbitrary: fc.boolean().map((on) => () => server.doubleEvents(on)) },
    { weight: 4, arbitrary: fc.constant('a pause' as const) },
  );
  const selectors = ['', 'app', 'app=1', 'app!=1', 'tier in (1,2),!app'];
  const namespaces = ['shop', 'lab', 'lab-9', undefined];

  it('at rest the answers are those of the API server', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        // There all the time: an index that was ever empty or half filled would lack them.
        const pillars = ['pillar-1', 'pillar-2'];
        for (const name of pillars) {
          server.put({ namespace: 'shop', name, labels: { pillar: 'yes' } });
        }
        const { index } = await startIndex();
        const asked: Promise<readonly string[]>[] = [];
        for (const each of steps) {
          if (each === 'a pause') await new Promise((resolve) => setTimeout(resolve, 3));
          else each();
          asked.push(index.list(select('pillar')));
        }
        for (const names of await Promise.all(asked)) expect(names).toEqual(pillars);

        for (const selector of selectors) {
          for (const namespace of namespaces) {
            const request = { ...select(selector), namespace };
            await expect
              .poll(
                async () =>
                  (await index.objects(request)).map((each) => `${each.namespace}/${each.name}`),
                { timeout: 20_000, interval: 5 },
              )
              .toEqual(server.pods(namespace, selector));
          }
        }
        index.close();
      }),
      { numRuns: 40 },
    );
  });
});
