import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createQueryQueue } from './query-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The state of each query, by index: `waiting`, `running`, `done`, or why it was rejected. */
type Fates = string[];

/** A query arrives, ends or is cancelled, or time passes. The index is modulo the number of queries. */
type Step =
  | { readonly does: 'come'; readonly timeoutMs: number }
  | { readonly does: 'end' | 'giveUp'; readonly who: number }
  | { readonly does: 'pass'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('come' as const), timeoutMs: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ does: fc.constantFrom('end' as const, 'giveUp' as const), who: fc.nat() }),
  fc.record({ does: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 30 }) }),
);

/** A simple model of the queue: lists that are searched at every step. */
function expectedFates(steps: readonly Step[], most: { running: number; waiting: number }): Fates {
  const fates: Fates = [];
  const deadlines: number[] = [];
  let now = 0;
  const withFate = (fate: string) => [...fates.keys()].filter((who) => fates[who] === fate);
  const admit = () => {
    const [next] = withFate('waiting');
    if (next === undefined || withFate('running').length >= most.running) return;
    fates[next] = 'running';
    admit();
  };
  for (const each of steps) {
    if (each.does === 'come') {
      const isFull =
        withFate('running').length >= most.running && withFate('waiting').length >= most.waiting;
      fates.push(isFull ? 'queue_full' : 'waiting');
      deadlines.push(now + each.timeoutMs);
    } else if (each.does === 'pass') {
      now += each.ms;
      for (const who of withFate('waiting')) {
        if ((deadlines[who] ?? 0) <= now) fates[who] = 'deadline';
      }
    } else if (fates.length > 0) {
      const who = each.who % fates.length;
      if (each.does === 'end' && fates[who] === 'running') fates[who] = 'done';
      if (each.does === 'giveUp' && fates[who] === 'waiting') fates[who] = 'canceled';
    }
    admit();
  }
  return fates;
}

async function actualFates(steps: readonly Step[], most: { running: number; waiting: number }) {
  const fates: Fates = [];
  const leave: (() => void)[] = [];
  const callers: AbortController[] = [];
  let told = { running: 0, waiting: 0 };
  const queue = createQueryQueue({
    mostRunning: most.running,
    mostWaiting: most.waiting,
    onChange: (now) => {
      told = now;
    },
  });
  for (const each of steps) {
    if (each.does === 'come') {
      const who = fates.push('waiting') - 1;
      const caller = new AbortController();
      callers.push(caller);
      queue.enter(undefined, each.timeoutMs, caller.signal).then(
        (done) => {
          fates[who] = 'running';
          leave[who] = done;
        },
        (error) => {
          fates[who] = error.rejection ?? error.kind;
        },
      );
    } else if (each.does === 'pass') {
      await vi.advanceTimersByTimeAsync(each.ms);
    } else if (fates.length > 0) {
      const who = each.who % fates.length;
      if (each.does === 'end' && leave[who] !== undefined) {
        leave[who]();
        fates[who] = 'done';
      }
      if (each.does === 'giveUp') callers[who]?.abort();
    }
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual({
      running: fates.filter((fate) => fate === 'running').length,
      waiting: fates.filter((fate) => fate === 'waiting').length,
    });
  }
  return fates;
}

describe('the queue', () => {
  it('behaves like its model for any sequence of events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.record({ running: fc.integer({ min: 1, max: 4 }), waiting: fc.nat(5) }),
        async (steps, most) => {
          expect(await actualFates(steps, most)).toEqual(expectedFates(steps, most));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('leaves no timer and no listener behind', async () => {
    const queue = createQueryQueue({ mostRunning: 1, mostWaiting: 10 });
    const caller = new AbortController();
    const removed = vi.spyOn(caller.signal, 'removeEventListener');
    const leave = await queue.enter(undefined, 1_000, caller.signal);
    const second = queue.enter(undefined, 1_000, caller.signal);
    leave();
    (await second)();
    expect(vi.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('frees a slot once only', async () => {
    const queue = createQueryQueue({ mostRunning: 1, mostWaiting: 10 });
    const leave = await queue.enter(undefined, 1_000, undefined);
    leave();
    leave();
    await queue.enter(undefined, 1_000, undefined);
    const third = queue.enter(undefined, 1_000, undefined);
    third.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    await expect(third).rejects.toMatchObject({
      kind: 'rejected',
      rejection: 'deadline',
      message: 'request rejected: it waited in the queue for 1000 ms, its whole timeout',
    });
  });

  it('rejects all waiting queries, and continues', async () => {
    const queue = createQueryQueue({ mostRunning: 1, mostWaiting: 2 });
    const leave = await queue.enter(undefined, 1_000, undefined);
    const waiting = [
      queue.enter(undefined, 1_000, undefined),
      queue.enter(undefined, 1_000, undefined),
    ];
    const settled = Promise.allSettled(waiting);
    const reason = new Error('lost');
    queue.rejectAll(reason);
    expect(await settled).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    const next = queue.enter(undefined, 1_000, undefined);
    leave();
    expect(await next).toBeTypeOf('function');
  });

  it('rejects queries whose signal is aborted already', async () => {
    const queue = createQueryQueue({ mostRunning: 1, mostWaiting: 2 });
    await expect(queue.enter(undefined, 1_000, AbortSignal.abort())).rejects.toMatchObject({
      kind: 'canceled',
    });
  });

  it('serves flows round-robin, and none has all slots', async () => {
    const queue = createQueryQueue({ mostRunning: 5, mostWaiting: 100 });
    const order: string[] = [];
    const leaves: (() => void)[] = [];
    const enter = (flow: string | undefined, name: string) =>
      queue.enter(flow, 1_000, undefined).then((leave) => {
        order.push(name);
        leaves.push(leave);
      });
    for (let i = 1; i <= 8; i += 1) void enter('tenant', `t${i}`);
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['t1', 't2', 't3', 't4']);
    void enter('autoscaler', 'a1');
    void enter('autoscaler', 'a2');
    void enter('other', 'o1');
    await vi.advanceTimersByTimeAsync(0);
    expect(order.slice(4)).toEqual(['a1']);
    for (const leave of leaves.splice(0, 4)) leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(order.slice(5)).toEqual(['t5', 'a2', 'o1', 't6']);
    for (const leave of leaves.splice(0)) leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(order.slice(9)).toEqual(['t7', 't8']);
  });

  it('allows queries without a flow to use all slots', async () => {
    const queue = createQueryQueue({ mostRunning: 5, mostWaiting: 0 });
    for (let i = 0; i < 5; i += 1) await queue.enter(undefined, 1_000, undefined);
    await expect(queue.enter(undefined, 1_000, undefined)).rejects.toThrow();
  });
});
