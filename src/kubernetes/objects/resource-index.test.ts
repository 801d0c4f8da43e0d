import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { GetJsonOptions, KubernetesClient, WatchOptions } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import type { ObjectIndexMetrics } from '../monitoring.ts';
import { defaultLimits, type ObjectIndexLimits } from './limits.ts';
import { indexResource, type ResourceIndex } from './resource-index.ts';

let index: ResourceIndex | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  // Waits have their maximum length.
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  index?.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A request that the test answers. */
interface Pending<T, Options> {
  readonly options: Options | undefined;
  readonly answer: (value: T) => void;
  readonly fail: (error: Error) => void;
}

/** The events of a watch, as the test sends them. */
class Events {
  readonly #stream = new TransformStream<Buffer, Buffer>();
  readonly #writer = this.#stream.writable.getWriter();
  readonly chunks: AsyncIterable<Buffer> = this.#stream.readable;

  send(event: object): void {
    void this.#writer.write(Buffer.from(`${JSON.stringify(event)}\n`)).catch(() => undefined);
  }

  end(): void {
    void this.#writer.close().catch(() => undefined);
  }

  break(error: Error): void {
    void this.#writer.abort(error).catch(() => undefined);
  }
}

/** An index of pods, and its requests to an API server that the test controls. */
function start(limits: Partial<ObjectIndexLimits> = {}) {
  const lists: Pending<object, GetJsonOptions>[] = [];
  const watches: Pending<Events, WatchOptions>[] = [];
  const reports: unknown[] = [];
  const logged: unknown[] = [];
  const client: KubernetesClient = {
    async getJson(path, options) {
      expect(path).toBe('/api/v1/pods');
      const { promise, resolve, reject } = Promise.withResolvers<object>();
      lists.push({ options, answer: resolve, fail: reject });
      return { body: await promise, contentType: 'application/json' };
    },
    async watch(path, options) {
      expect(path).toBe('/api/v1/pods');
      const { promise, resolve, reject } = Promise.withResolvers<Events>();
      watches.push({ options, answer: resolve, fail: reject });
      return (await promise).chunks;
    },
    postJson: () => Promise.reject(new Error('not expected here')),
    close: () => undefined,
  };
  const report: ObjectIndexMetrics = {
    objectsIndexed: (...told) => reports.push(['indexed', ...told]),
    objectListRead: (...told) => reports.push(['list', ...told]),
    objectWatchEnded: (...told) => reports.push(['watch', ...told]),
    objectEventReceived: (...told) => reports.push(['event', ...told]),
    objectsRequested: () => undefined,
  };
  index = indexResource({
    client,
    path: '/api/v1/pods',
    fieldSelector: 'status.phase=Running',
    resource: 'pods',
    limits: { ...defaultLimits, ...limits },
    report,
    log: {
      info: (message, fields) => logged.push(['info', message, fields]),
      warn: (message, fields) => logged.push(['warn', message, fields]),
    },
    now: () => performance.now(),
  });
  return { index, lists, watches, reports, logged };
}

/** Advances the time, and runs the timers that are due. */
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

const pod = (name: string, resourceVersion = '1') => ({
  metadata: { namespace: 'shop', name, resourceVersion },
});
const listOf = (...names: readonly string[]) => ({
  metadata: { resourceVersion: '10' },
  items: names.map((name) => pod(name)),
});
const away = new KubernetesError('unreachable', 'no route');
const forbidden = new KubernetesError('forbidden', 'may not list pods', { status: 403 });
const gone = new KubernetesError('gone', 'too old', { status: 410 });

async function names(of: ResourceIndex): Promise<readonly string[] | undefined> {
  const objects = await of.current(undefined);
  return objects?.names({ namespace: 'shop', selector: [] });
}

/** An index whose first list has been read and whose watch is open. */
async function followed(limits: Partial<ObjectIndexLimits> = {}) {
  const started = start(limits);
  started.lists[0]?.answer(listOf('a'));
  await pass(0);
  const events = new Events();
  started.watches[0]?.answer(events);
  await pass(0);
  started.reports.length = 0;
  return { ...started, events };
}

describe('the first list', () => {
  it('is awaited, and its version is watched', async () => {
    const { index, lists, watches, reports, logged } = start();
    expect(lists).toHaveLength(1);
    const asked = names(index);
    await pass(1_500);
    lists[0]?.answer(listOf('b', 'a'));
    expect(await asked).toEqual(['a', 'b']);
    await pass(0);
    expect(reports).toEqual([
      ['list', 'pods', 'success', 1.5],
      ['indexed', 'pods', 2],
    ]);
    expect(lists[0]?.options?.query?.get('fieldSelector')).toBe('status.phase=Running');
    const { query, stallTimeoutMs } = watches[0]?.options ?? {};
    expect(Object.fromEntries(query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      // Between the minimum duration of a watch and twice that.
      timeoutSeconds: '600',
      fieldSelector: 'status.phase=Running',
    });
    expect(stallTimeoutMs).toBe(75_000);
    expect(logged).toEqual([]);
  });

  it('is awaited up to a timeout', async () => {
    const { index, lists } = start();
    let found: unknown = 'waiting';
    void index.current(undefined).then((objects) => {
      found = objects;
    });
    await pass(4_999);
    expect(found).toBe('waiting');
    await pass(1);
    expect(found).toBeUndefined();
    expect(lists).toHaveLength(1);
  });

  it('is not awaited after the caller aborts', async () => {
    const { index } = start();
    const caller = new AbortController();
    const asked = index.current(caller.signal);
    caller.abort();
    await expect(asked).rejects.toMatchObject({ kind: 'canceled', message: 'pods: canceled' });
  });

  it('fails immediately, and is retried with exponential backoff', async () => {
    const { index, lists, reports, logged } = start();
    const asked = index.current(undefined).catch((error: unknown) => error);
    for (const [attempt, wait] of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000].entries()) {
      lists.at(-1)?.fail(away);
      await pass(wait - 1);
      expect(lists).toHaveLength(attempt + 1);
      await expect(index.current(undefined)).rejects.toBe(away);
      await pass(1);
      expect(lists).toHaveLength(attempt + 2);
    }
    expect(await asked).toBe(away);
    expect(reports).toHaveLength(7);
    expect(reports[0]).toEqual(['list', 'pods', 'unreachable', 0]);
    const fields = { resource: 'pods', error: 'no route' };
    const lost = ['warn', 'list or watch of a resource failed, retrying', fields];
    expect(logged).toEqual([lost]);

    lists.at(-1)?.answer(listOf('a'));
    expect(await names(index)).toEqual(['a']);
    const found = ['info', 'list and watch of a resource succeed again', { resource: 'pods' }];
    expect(logged).toEqual([lost, found]);
  });

  it('without a version cannot be watched from', async () => {
    const { index, lists, watches, reports, logged } = start();
    lists[0]?.answer({ metadata: {}, items: [] });
    await pass(0);
    expect(await index.current(undefined)).toBeUndefined();
    expect(watches).toEqual([]);
    expect(reports).toEqual([
      ['list', 'pods', 'bad_answer', 0],
      ['indexed', 'pods', undefined],
    ]);
    expect(logged).toMatchObject([
      ['warn', expect.any(String), { error: 'GET /api/v1/pods: a list without a resourceVersion' }],
    ]);
  });

  it('of too many objects is aborted after its first page', async () => {
    const { index, lists, reports, logged } = start({ maxObjects: 3 });
    const page = { resourceVersion: '10', continue: 'next', remainingItemCount: 2 };
    lists[0]?.answer({ ...listOf('a', 'b'), metadata: page });
    await pass(0);
    expect(await index.current(undefined)).toBeUndefined();
    expect(lists).toHaveLength(1);
    expect(reports).toEqual([
      ['list', 'pods', 'too_large', 0],
      ['indexed', 'pods', undefined],
    ]);
    expect(logged).toMatchObject([
      ['warn', expect.any(String), { resource: 'pods', error: 'more than 3 objects' }],
    ]);
  });

  it('of the maximum number of objects is accepted', async () => {
    const { index, lists } = start({ maxObjects: 2 });
    lists[0]?.answer(listOf('a', 'b'));
    expect(await names(index)).toEqual(['a', 'b']);
  });
});

describe('a resource that cannot be listed', () => {
  it('is not awaited, and is retried with exponential backoff', async () => {
    const { index, lists, watches, reports, logged } = start();
    for (const [attempt, wait] of [10_000, 20_000, 40_000].entries()) {
      lists.at(-1)?.fail(forbidden);
      await pass(wait - 1);
      expect(await index.current(undefined)).toBeUndefined();
      expect(lists).toHaveLength(attempt + 1);
      await pass(1);
      expect(lists).toHaveLength(attempt + 2);
      expect(await index.current(undefined)).toBeUndefined();
    }
    const message = 'cannot index a resource: each request lists its objects';
    const unfit = ['warn', message, { resource: 'pods', error: 'may not list pods' }];
    expect(logged).toEqual([unfit]);
    expect(reports.slice(0, 2)).toEqual([
      ['list', 'pods', 'forbidden', 0],
      ['indexed', 'pods', undefined],
    ]);

    // Listing is allowed now. The resource is indexed once a watch lasts.
    lists.at(-1)?.answer(listOf('a'));
    await pass(0);
    expect(await names(index)).toEqual(['a']);
    const events = new Events();
    watches[0]?.answer(events);
    await pass(4_999);
    expect(logged).toEqual([unfit]);
    await pass(1);
    const indexed = ['info', 'resource is indexed now', { resource: 'pods' }];
    expect(logged).toEqual([unfit, indexed]);

    // The backoff starts again.
    events.break(forbidden);
    await pass(9_999);
    expect(lists).toHaveLength(4);
    expect(logged).toEqual([unfit, indexed, unfit]);
    expect(await index.current(undefined)).toBeUndefined();
    await pass(1);
    expect(lists).toHaveLength(5);
  });
});

describe('a watch', () => {
  it('changes the objects, and reports their number when it changes', async () => {
    const { index, events, reports } = await followed();
    events.send({ type: 'ADDED', object: pod('b', '11') });
    events.send({ type: 'MODIFIED', object: pod('b', '12') });
    events.send({ type: 'DELETED', object: pod('a', '13') });
    events.send({ type: 'DELETED', object: pod('a', '14') });
    events.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '15' } } });
    await pass(0);
    expect(await names(index)).toEqual(['b']);
    expect(reports).toEqual([
      ['event', 'pods', 'ADDED'],
      ['indexed', 'pods', 2],
      ['event', 'pods', 'MODIFIED'],
      ['event', 'pods', 'DELETED'],
      ['indexed', 'pods', 1],
      ['event', 'pods', 'DELETED'],
      ['event', 'pods', 'BOOKMARK'],
    ]);
  });

  it.each([
    ['an event', { type: 'ADDED', object: pod('b', '11') }, '11'],
    ['a bookmark', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '12' } } }, '12'],
    ['an event without a version', { type: 'ADDED', object: pod('b', '') }, '10'],
  ])('is resumed from the version of %s', async (_, event, version) => {
    const { events, watches } = await followed();
    events.send(event);
    await pass(5_000);
    events.end();
    await pass(0);
    expect(watches.map(({ options }) => options?.query?.get('resourceVersion'))).toEqual([
      '10',
      version,
    ]);
  });

  it('is resumed at once if it had settled, otherwise with exponential backoff', async () => {
    const { events, watches, lists, reports, logged } = await followed();
    await pass(5_000);
    events.end();
    await pass(0);
    expect(watches).toHaveLength(2);
    for (const [attempt, wait] of [250, 500, 1_000].entries()) {
      const brief = new Events();
      watches.at(-1)?.answer(brief);
      await pass(4_999);
      brief.end();
      await pass(wait - 1);
      expect(watches).toHaveLength(attempt + 2);
      await pass(1);
      expect(watches).toHaveLength(attempt + 3);
    }
    const lasting = new Events();
    watches.at(-1)?.answer(lasting);
    await pass(5_000);
    lasting.break(away);
    await pass(0);
    // Immediately, and the backoff starts again.
    expect(watches).toHaveLength(6);
    watches.at(-1)?.fail(away);
    await pass(249);
    expect(watches).toHaveLength(6);
    await pass(1);
    expect(watches).toHaveLength(7);
    expect(lists).toHaveLength(1);
    expect(reports).toEqual([
      ...Array(4).fill(['watch', 'pods', 'ended']),
      ...Array(2).fill(['watch', 'pods', 'unreachable']),
    ]);
    // It is normal that a watch breaks after it has lasted.
    expect(logged).toEqual([['warn', expect.any(String), { resource: 'pods', error: 'no route' }]]);
  });

  it('that cannot be opened is reported once, and when it can be opened again', async () => {
    const { events, watches, logged } = await followed();
    events.break(away);
    await pass(250);
    watches[1]?.fail(away);
    await pass(500);
    expect(logged).toHaveLength(1);
    const again = new Events();
    watches[2]?.answer(again);
    again.send({ type: 'ADDED', object: pod('b', '11') });
    await pass(0);
    const found = ['info', 'list and watch of a resource succeed again', { resource: 'pods' }];
    expect(logged.slice(1)).toEqual([found]);
    again.send({ type: 'ADDED', object: pod('c', '12') });
    await pass(5_000);
    expect(logged.slice(1)).toEqual([found]);
  });

  it.each([
    [0, 249, 1],
    [5_000, 0, 0],
  ])(
    'that needs a list after %i ms is followed by one, after a wait or at once',
    async (age, wait, rest) => {
      const { index, events, lists, watches, logged } = await followed();
      await pass(age);
      events.break(gone);
      await pass(wait);
      expect(lists).toHaveLength(rest === 0 ? 2 : 1);
      await pass(rest);
      expect(lists).toHaveLength(2);
      expect(watches).toHaveLength(1);
      // The known objects are still served.
      expect(await names(index)).toEqual(['a']);
      const fields = { resource: 'pods', error: 'too old' };
      expect(logged).toEqual([['info', 'relisting a resource', fields]]);
      lists[1]?.answer(listOf('b'));
      await pass(0);
      expect(await names(index)).toEqual(['b']);
      expect(watches).toHaveLength(2);
    },
  );

  it('with invalid data logs a warning and needs a list', async () => {
    const { events, lists, reports, logged } = await followed();
    events.send({ type: 'ODD' });
    await pass(250);
    expect(lists).toHaveLength(2);
    expect(reports).toEqual([['watch', 'pods', 'bad_answer']]);
    expect(logged).toMatchObject([['warn', 'relisting a resource', {}]]);
  });

  it('with more objects than allowed is aborted', async () => {
    const { index, events, reports } = await followed({ maxObjects: 2 });
    events.send({ type: 'ADDED', object: pod('b') });
    await pass(0);
    expect(await names(index)).toEqual(['a', 'b']);
    events.send({ type: 'ADDED', object: pod('c') });
    await pass(0);
    expect(await index.current(undefined)).toBeUndefined();
    expect(reports.slice(-2)).toEqual([
      ['watch', 'pods', 'too_large'],
      ['indexed', 'pods', undefined],
    ]);
  });
});

describe('staleness', () => {
  it('counts from the beginning of the list until the first event of the watch', async () => {
    const { index, lists, watches } = start();
    await pass(1_000);
    lists[0]?.answer(listOf('a'));
    await pass(59_000);
    expect(await names(index)).toEqual(['a']);
    await pass(1);
    await expect(index.current(undefined)).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'pods: the object index is 60 s old',
    });
    // Open for long enough without an event.
    watches[0]?.answer(new Events());
    await pass(4_999);
    await expect(index.current(undefined)).rejects.toThrow('65 s old');
    await pass(1);
    expect(await names(index)).toEqual(['a']);
    await pass(600_000);
    expect(await names(index)).toEqual(['a']);
  });

  it('counts from the end of the watch, and has its reason', async () => {
    const { index, events } = await followed();
    await pass(600_000);
    events.break(away);
    await pass(60_000);
    expect(await names(index)).toEqual(['a']);
    await pass(1);
    await expect(index.current(undefined)).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'pods: the object index is 60 s old',
    });
  });

  it('is reported with the failure', async () => {
    const { index, events, watches } = await followed();
    events.end();
    await pass(250);
    const busy = new KubernetesError('server_error', 'starting up', { status: 503 });
    watches[1]?.fail(busy);
    await pass(60_000);
    await expect(index.current(undefined)).rejects.toMatchObject({
      kind: 'server_error',
      message: 'pods: the object index is 60 s old: starting up',
      cause: busy,
    });
  });
});

describe('close', () => {
  it('ends the requests and the waits', async () => {
    const { index, lists, watches, reports, logged } = start();
    const asked = index.current(undefined);
    index.close();
    expect(await asked).toBeUndefined();
    expect(lists[0]?.options?.signal?.aborted).toBe(true);
    lists[0]?.fail(new KubernetesError('canceled', 'canceled'));
    await pass(100_000);
    expect([lists.length, watches.length]).toEqual([1, 0]);
    expect(reports).toEqual([['indexed', 'pods', undefined]]);
    expect(logged).toEqual([]);
  });

  it('ends the watch without a report', async () => {
    const { index, events, watches, lists, reports, logged } = await followed();
    index.close();
    expect(watches[0]?.options?.signal?.aborted).toBe(true);
    events.send({ type: 'ADDED', object: pod('b') });
    events.break(new KubernetesError('canceled', 'canceled'));
    await pass(100_000);
    expect([lists.length, watches.length]).toEqual([1, 1]);
    expect(reports).toEqual([['indexed', 'pods', undefined]]);
    expect(logged).toEqual([]);
  });
});
