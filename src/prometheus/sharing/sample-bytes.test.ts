import { expect, it } from 'vitest';
import { sampleBytes } from './sample-bytes.ts';

const sample = (labels: Readonly<Record<string, string>>) => ({ labels, value: 1, timestamp: 2 });

it('counts the values of labels, two bytes for each character', () => {
  expect(sampleBytes([])).toBe(0);
  const short = sampleBytes([sample({ pod: 'web-0', namespace: 'shop' })]);
  expect(sampleBytes([sample({ pod: `web-0${'x'.repeat(100_000)}`, namespace: 'shop' })])).toBe(
    short + 200_000,
  );
  expect(short).toBe(140 + 2 * 40 + 2 * 'web-0shop'.length);
  expect(sampleBytes([sample({}), sample({})])).toBe(280);
});
