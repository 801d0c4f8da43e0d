import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClusterResource } from '../../apimachinery/cluster-resource.ts';
import type { GetJsonOptions, KubernetesClient } from '../client/client.ts';
import { builtinResourceMapper } from '../discovery/builtin-resources.ts';
import type { ObjectIndexLimits } from './limits.ts';
import { createObjectIndex } from './object-index.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function resource(group: string, name: string): ClusterResource {
  const found = builtinResourceMapper().find(group, name);
  if (found === undefined) throw new Error(`expected ${name}`);
  return found;
}

const pods = { resource: resource('', 'pods'), namespace: undefined, selector: [] };
const nodes = { resource: resource('', 'nodes'), namespace: undefined, selector: [] };

/** An index, and its requests to an API server that does not respond. */
function start(limits: Partial<ObjectIndexLimits> = {}) {
  const asked: { path: string; options: GetJsonOptions | undefined }[] = [];
  const warned: unknown[] = [];
  const sources: unknown[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error('not expected here'));
  const client: KubernetesClient = {
    getJson(path, options) {
      asked.push({ path, options });
      return new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
    postJson: unused,
    watch: unused,
    close: () => undefined,
  };
  const index = createObjectIndex({
    client,
    log: {
      info: () => undefined,
      warn: (message, fields) => warned.push([message, fields]),
    },
    report: {
      objectsIndexed: () => undefined,
      objectListRead: () => undefined,
      objectWatchEnded: () => undefined,
      objectEventReceived: () => undefined,
      objectsRequested: (...told) => sources.push(told),
    },
    limits,
  });
  const ask = (request: Parameters<typeof index.objects>[0]) =>
    index.objects(request).catch((error: unknown) => error);
  const aborted = () => asked.map(({ options }) => options?.signal?.aborted);
  return { index, ask, asked, aborted, warned, sources };
}

describe('createObjectIndex', () => {
  it('drops an index ten minutes after its last request', async () => {
    const { ask, aborted, index } = start();
    void ask(pods);
    await vi.advanceTimersByTimeAsync(299_999);
    void ask(pods);
    await vi.advanceTimersByTimeAsync(600_000);
    // The list of the index; the others are those of requests that did not wait for it.
    expect(aborted()[0]).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(aborted()[0]).toBe(true);
    index.close();
  });

  it('checks for unused indexes twice in the idle time', async () => {
    const { ask, aborted, index } = start({ idleMs: 2_000, firstListTimeoutMs: 60_000 });
    void ask(pods);
    await vi.advanceTimersByTimeAsync(500);
    void ask(nodes);
    await vi.advanceTimersByTimeAsync(1_499);
    // The lists of the two indexes. The requests that wait for them send their own lists later.
    const lists = () => aborted().slice(0, 2);
    expect(lists()).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(lists()).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lists()).toEqual([true, true]);
    index.close();
  });

  it('warns once about resources that are not indexed', async () => {
    const { ask, asked, warned, index } = start({ maxIndexes: 1, firstListTimeoutMs: 60_000 });
    void ask(pods);
    void ask({ ...pods, selector: [] });
    void ask({ ...pods, resource: resource('apps', 'deployments') });
    void ask(nodes);
    await vi.advanceTimersByTimeAsync(0);
    const fields = { resource: 'deployments.apps', indexes: 1 };
    expect(warned).toEqual([[expect.any(String), fields]]);
    expect(asked.map(({ path }) => path)).toEqual([
      '/api/v1/pods',
      '/apis/apps/v1/deployments',
      '/api/v1/nodes',
    ]);
    index.close();
  });

  it('rejects an aborted request with canceled', async () => {
    const { ask, asked, aborted, sources, index } = start({ maxObjects: 0 });
    const caller = new AbortController();
    const given = ask({ ...pods, name: 'a', fieldSelector: 'x=y', signal: caller.signal });
    const listed = index.list({ ...pods, signal: caller.signal }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(0);
    caller.abort();
    const canceled = { kind: 'canceled', message: 'GET /api/v1/pods: canceled' };
    expect([await given, await listed]).toMatchObject([canceled, canceled]);
    expect(aborted()).toEqual([true, true]);
    expect(asked.map(({ options }) => options?.query?.get('fieldSelector'))).toEqual([
      ...['x=y,metadata.name=a', null],
    ]);
    expect(sources).toEqual([
      ['pods?x=y', 'none'],
      ['pods', 'none'],
    ]);
  });

  it('closes all indexes and leaves no timer', async () => {
    const { ask, aborted, index } = start({ firstListTimeoutMs: 60_000 });
    void ask(pods);
    void ask(nodes);
    await vi.advanceTimersByTimeAsync(0);
    index.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(aborted().slice(0, 2)).toEqual([true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
