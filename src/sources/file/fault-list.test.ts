import { expect, it } from 'vitest';
import { faultList } from './fault-list.ts';

it('keeps the start and the end of a long message', () => {
  const faults = faultList('f', 'a: b\n');
  const message = `start ${'x'.repeat(20_000)}: add it to the selector`;
  faults.add(0, ['a'], 'warning', message);
  const [fault] = faults.sorted();
  expect(fault?.message).toMatch(/^start x+…x+: add it to the selector$/);
  expect(fault?.message).toHaveLength(1501);
});

it('keeps a message of normal length', () => {
  const faults = faultList('f', 'a: b\n');
  const message = 'm'.repeat(1500);
  faults.add(0, ['a'], 'warning', message);
  expect(faults.sorted()).toMatchObject([{ message }]);
});
