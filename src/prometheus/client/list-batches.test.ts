import { expect, it } from 'vitest';
import { listBatches } from './list-batches.ts';

const CHUNK = 64 * 1024;

/** Pushes the text in chunks; returns how many bytes were pushed, and the batches. */
function cut(text: string) {
  const batches: Buffer[] = [];
  const list = listBatches(['data'], (batch) => batches.push(batch));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += CHUNK) list.push(bytes.subarray(at, at + CHUNK));
  return { batches, rest: list.rest().toString() };
}

const element = (length: number): string => `{"a":"${'x'.repeat(length)}"}`;

it('accepts an element of a megabyte, alone and among others', () => {
  const long = element(2 ** 20 - 8);
  const { batches, rest } = cut(`{"data":[${element(40_000)},${long},${element(1)}]}`);
  expect(batches.map(String)).toEqual([element(40_000), long, element(1)]);
  expect(rest).toBe('{"data":[0,0,0]}');
});

it('rejects a longer one while it arrives, and names the limit to set', () => {
  let pushed = 0;
  const list = listBatches(['data', 'result'], () => undefined);
  list.push(Buffer.from('{"data":{"result":[{"metric":{"id":"'));
  const chunk = Buffer.alloc(CHUNK, 'x');
  expect(() => {
    for (pushed = 0; pushed < 100; pushed += 1) list.push(chunk);
  }).toThrow(
    expect.objectContaining({
      kind: 'too_large',
      message: expect.stringMatching(
        /element of data.result is longer than 1048576 bytes: .*label_value_length_limit/,
      ),
    }),
  );
  expect(pushed).toBeLessThan(18);
});
