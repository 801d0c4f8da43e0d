import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KubernetesClient } from '../client/client.ts';
import { fieldOf } from '../field.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { defaultInformerLimits, type Informer, startInformer } from './informer.ts';
import type { ObjectFormat } from './object-format.ts';

/** A custom resource, of which the whole object is read. */
interface Rule {
  readonly name: string;
  readonly query: string;
}

const ruleFormat: ObjectFormat<Rule> = {
  listAccept: 'application/json',
  watchAccept: 'application/json',
  parse(object) {
    const name = fieldOf(fieldOf(object, 'metadata'), 'name');
    const query = fieldOf(fieldOf(object, 'spec'), 'query');
    return typeof name === 'string' && typeof query === 'string' ? { name, query } : undefined;
  },
};

class RuleStore {
  readonly #rules = new Map<string, string>();
  get size(): number {
    return this.#rules.size;
  }
  put({ name, query }: Rule): void {
    this.#rules.set(name, query);
  }
  remove({ name }: Rule): void {
    this.#rules.delete(name);
  }
  queries(): readonly string[] {
    return [...this.#rules.values()];
  }
}

let informer: Informer<RuleStore> | undefined;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  informer?.close();
  vi.useRealTimers();
});

const rule = (name: string, query: string, resourceVersion = '1') => ({
  metadata: { name, resourceVersion },
  spec: { query },
});

/** An informer of an API server that responds to lists in order, and sends the events of the test. */
function start(lists: readonly unknown[]) {
  const seen: (readonly string[])[] = [];
  const outcomes: string[] = [];
  const stream = new TransformStream<Buffer, Buffer>();
  const writer = stream.writable.getWriter();
  const accepted: unknown[] = [];
  let read = 0;
  const client: KubernetesClient = {
    async getJson(_path, options) {
      accepted.push(options?.accept);
      const body = lists[read];
      read += 1;
      if (body instanceof Error) throw body;
      return { body, contentType: 'application/json' };
    },
    watch: async () => stream.readable,
    postJson: () => Promise.reject(new Error('not expected here')),
    close: () => undefined,
  };
  informer = startInformer({
    client,
    path: '/apis/metrics.example/v1/rules',
    fieldSelector: '',
    format: ruleFormat,
    createStore: () => new RuleStore(),
    limits: defaultInformerLimits,
    observer: {
      onStore: (store) => seen.push(store.queries()),
      onChange: (store) => seen.push(store.queries()),
      onDiscard: (error) => outcomes.push(`discarded: ${String(error)}`),
      onAvailable: () => outcomes.push('available'),
      onListEnd: (outcome) => outcomes.push(`list ${outcome}`),
      onWatchEnd: (outcome) => outcomes.push(`watch ${outcome}`),
      onEvent: () => undefined,
    },
    resource: 'rules.metrics.example',
    log: { info: () => undefined, warn: () => undefined },
    now: () => performance.now(),
  });
  const send = (event: object): void =>
    void writer.write(Buffer.from(`${JSON.stringify(event)}\n`)).catch(() => undefined);
  return { informer, seen, outcomes, accepted, send };
}

const listOf = (...items: readonly object[]) => ({ metadata: { resourceVersion: '10' }, items });

it('passes on whole objects of the list and of the watch', async () => {
  const { informer, seen, accepted, send } = start([listOf(rule('a', 'up'))]);
  await vi.advanceTimersByTimeAsync(0);
  send({ type: 'ADDED', object: rule('b', 'load', '11') });
  send({ type: 'MODIFIED', object: rule('a', 'sum(up)', '12') });
  send({ type: 'DELETED', object: rule('b', 'load', '13') });
  await vi.advanceTimersByTimeAsync(0);
  expect(seen).toEqual([['up'], ['up', 'load'], ['sum(up)', 'load'], ['sum(up)']]);
  expect(accepted).toEqual(['application/json']);
  expect(informer.state()).toMatchObject({ staleForMs: 0, isUnavailable: false });
});

it('is unavailable while the resource does not exist, and recovers', async () => {
  const missing = new KubernetesError('not_found', 'no such resource', { status: 404 });
  const { informer, seen, outcomes } = start([missing, listOf(rule('a', 'up'))]);
  await vi.advanceTimersByTimeAsync(0);
  expect(informer.state()).toMatchObject({ store: undefined, isUnavailable: true });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(seen).toEqual([['up']]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(informer.state()).toMatchObject({ staleForMs: 0, isUnavailable: false });
  expect(outcomes).toEqual([
    'list not_found',
    'discarded: KubernetesError: no such resource',
    'list success',
    'available',
  ]);
});

it('keeps the failure of a list, and lets callers wait for the next one', async () => {
  const away = new KubernetesError('unreachable', 'no route');
  const { informer } = start([away, listOf(rule('a', 'up'))]);
  expect(informer.state().isListing).toBe(true);
  await informer.nextList(60_000, undefined);
  expect(informer.state()).toMatchObject({ failure: away, isListing: false });
  const next = informer.nextList(60_000, undefined);
  await vi.advanceTimersByTimeAsync(250);
  await next;
  expect(informer.state().store?.queries()).toEqual(['up']);
  expect(informer.state().failure).toBeUndefined();
});
