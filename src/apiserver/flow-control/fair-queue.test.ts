import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

/** A queue, and its calls. */
function queueOf(mostRunning: number, mostWaiting: number) {
  let now = { running: 0, waiting: 0 };
  const queue = createFairQueue({
    mostRunning,
    mostWaiting,
    onChange(change) {
      now = change;
    },
  });
  const running: { flow: string; leave: () => void }[] = [];
  const refused: string[] = [];
  const call = (flow: string): AbortController => {
    const controller = new AbortController();
    queue.enter(flow, controller.signal).then(
      (leave) => {
        if (typeof leave === 'function') running.push({ flow, leave });
        else refused.push(`${flow} ${leave}`);
      },
      () => refused.push(`${flow} aborted`),
    );
    return controller;
  };
  const end = (flow: string): void => {
    const index = running.findIndex((each) => each.flow === flow);
    running.splice(index, 1)[0]?.leave();
  };
  return { call, end, running, refused, now: () => now };
}

describe('createFairQueue', () => {
  it('prefers a flow with few running calls', async () => {
    const { call, end, running, now } = queueOf(3, 100);
    for (let i = 0; i < 10; i += 1) call('tenant');
    await nextTurn();
    expect(running.map(({ flow }) => flow)).toEqual(['tenant', 'tenant']);
    call('controller');
    await nextTurn();
    expect(running.map(({ flow }) => flow)).toEqual(['tenant', 'tenant', 'controller']);
    call('controller');
    await nextTurn();
    expect(now()).toEqual({ running: 3, waiting: 9 });
    // The next slot goes to the waiting flow with fewer calls, not to the tenant's next call.
    end('controller');
    await nextTurn();
    expect(running.map(({ flow }) => flow)).toEqual(['tenant', 'tenant', 'controller']);
  });

  it('serves flows round-robin, and the calls of a flow in order', async () => {
    const { call, end, running } = queueOf(1, 100);
    call('first');
    for (const flow of ['a', 'a', 'b', 'c', 'a']) call(flow);
    const order: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      await nextTurn();
      const flow = running[0]?.flow ?? 'nothing';
      order.push(flow);
      end(flow);
    }
    expect(order).toEqual(['first', 'a', 'b', 'c', 'a', 'a']);
  });

  it('rejects calls when the queue is full, and leaves room for other flows', async () => {
    const { call, refused, now } = queueOf(1, 3);
    for (let i = 0; i < 5; i += 1) call('tenant');
    await nextTurn();
    expect(refused).toEqual(['tenant flow_limit', 'tenant flow_limit']);
    call('other');
    call('third');
    await nextTurn();
    expect(refused.slice(2)).toEqual(['third full']);
    expect(now()).toEqual({ running: 1, waiting: 3 });
  });

  it('removes a call that is aborted', async () => {
    const { call, end, running, refused, now } = queueOf(1, 3);
    call('a');
    const second = call('a');
    call('b');
    await nextTurn();
    second.abort();
    await nextTurn();
    expect(refused).toEqual(['a aborted']);
    expect(now()).toEqual({ running: 1, waiting: 1 });
    end('a');
    await nextTurn();
    expect(running.map(({ flow }) => flow)).toEqual(['b']);
    second.abort();
    end('b');
    await nextTurn();
    expect(now()).toEqual({ running: 0, waiting: 0 });
  });

  it('does not queue a call that is already aborted', async () => {
    const queue = createFairQueue({ mostRunning: 1, mostWaiting: 1, onChange: () => undefined });
    await expect(queue.enter('a', AbortSignal.abort('gone'))).rejects.toBe('gone');
    expect(await queue.enter('b', new AbortController().signal)).toBeTypeOf('function');
  });

  it('completes every admitted call in any order', async () => {
    const step = fc.record({
      flow: fc.constantFrom('a', 'b', 'c'),
      does: fc.constantFrom('call', 'call', 'end', 'abort'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(step, { maxLength: 40 }),
        async (most, steps) => {
          const { call, end, running, refused, now } = queueOf(most, 10);
          const calls: AbortController[] = [];
          for (const { flow, does } of steps) {
            if (does === 'call') calls.push(call(flow));
            else if (does === 'end') end(running[0]?.flow ?? '');
            else calls.at(-1)?.abort();
            await nextTurn();
            expect(now().running).toBe(running.length);
            expect(running.length).toBeLessThanOrEqual(most);
          }
          let ended = 0;
          while (running.length > 0) {
            end(running[0]?.flow ?? '');
            ended += 1;
            await nextTurn();
          }
          expect(now()).toEqual({ running: 0, waiting: 0 });
          const endedBefore = calls.length - refused.length - ended;
          expect(endedBefore).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
