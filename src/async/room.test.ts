import { expect, it } from 'vitest';
import { createRoom } from './room.ts';

/** Enters, and says in `order` when that is done. */
function entering(room: ReturnType<typeof createRoom>, order: number[]) {
  return (size: number, signal?: AbortSignal) =>
    room.enter(size, signal).then((leave) => {
      order.push(size);
      return leave;
    });
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('admits what fits, and the rest in order of arrival', async () => {
  const order: number[] = [];
  const enter = entering(createRoom(10), order);
  const leave = await enter(7);
  await enter(3);
  const large = enter(8);
  void enter(1);
  await settle();
  expect(order).toEqual([7, 3]);
  leave();
  leave();
  await settle();
  // 7 are free, and not 14: the 8 wait, and the 1 behind them.
  expect(order).toEqual([7, 3]);
  void large.catch(() => undefined);
});

it('admits alone what is larger than the limit', async () => {
  const order: number[] = [];
  const enter = entering(createRoom(10), order);
  const leave = await enter(1);
  const alone = enter(100);
  void enter(2);
  await settle();
  expect(order).toEqual([1]);
  leave();
  const leaveAlone = await alone;
  await settle();
  expect(order).toEqual([1, 100]);
  leaveAlone();
  await settle();
  expect(order).toEqual([1, 100, 2]);
});

it('does not block others behind a caller that has given up', async () => {
  const order: number[] = [];
  const enter = entering(createRoom(10), order);
  await enter(5);
  const gone = new AbortController();
  const large = enter(8, gone.signal);
  const small = enter(5);
  gone.abort('gone');
  await expect(large).rejects.toBe('gone');
  await small;
  expect(order).toEqual([5, 5]);
  await expect(enter(1, gone.signal)).rejects.toBe('gone');
});
