import { expect, test } from 'vitest';
import { runCommand } from './command.ts';
import { withMachineLock } from './machine-lock.ts';

const OTHER_PROCESS = `
  import { withMachineLock } from '${new URL('./machine-lock.ts', import.meta.url)}';
  await withMachineLock(process.argv[1], async () => {
    console.log('got the lock at', Date.now());
    if (process.argv[2] === 'crash') process.kill(process.pid, 'SIGKILL');
  });
`;

const otherProcess = (lock: string, ...args: string[]) =>
  runCommand(process.execPath, ['--input-type=module', '--eval', OTHER_PROCESS, lock, ...args]);

test('work under one lock runs one at a time, also across processes', async () => {
  const lock = `test-${process.pid}`;
  let running = 0;
  let atOnce = 0;
  const work = async () => {
    running += 1;
    atOnce = Math.max(atOnce, running);
    const other = otherProcess(lock);
    await new Promise((resolve) => setTimeout(resolve, 300));
    running -= 1;
    return { releasedAfter: Date.now(), other };
  };
  const done = await Promise.all([withMachineLock(lock, work), withMachineLock(lock, work)]);
  expect(atOnce).toBe(1);
  const [first] = done.toSorted((a, b) => a.releasedAfter - b.releasedAfter);
  for (const { other } of done) {
    expect(Number((await other).split(' ').at(-1))).toBeGreaterThanOrEqual(
      first?.releasedAfter ?? Number.NaN,
    );
  }
});

test('a lock is released when its work ends or fails, and when its process exits', async () => {
  const lock = `test-failing-${process.pid}`;
  await expect(withMachineLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(otherProcess(lock, 'crash')).rejects.toThrow('SIGKILL');
  expect(await withMachineLock(lock, async () => 'free')).toBe('free');
});
