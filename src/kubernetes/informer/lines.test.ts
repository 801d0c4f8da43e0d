import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from './lines.ts';

async function* chunksOf(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe('linesOf', () => {
  it('returns the same lines for any division into chunks', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 8 })
      .filter((text) => !text.includes('\n'));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(40)), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b)];
        const pieces = places.map((from, index) => bytes.subarray(from, places[index + 1]));
        const expected = lines.map((text) => Buffer.from(text).toString());
        expect(await collect(linesOf(chunksOf(...pieces), 1_000, 'test'))).toEqual(expected);
      }),
    );
  });

  it('omits an incomplete last line', async () => {
    const cut = chunksOf(Buffer.from('{"a":1}\n{"b"'));
    expect(await collect(linesOf(cut, 100, 'test'))).toEqual(['{"a":1}']);
  });

  it.each([
    ['in one piece', [Buffer.from(`${'x'.repeat(11)}\n`)]],
    ['in many pieces, without an end', Array.from({ length: 11 }, () => Buffer.from('x'))],
    ['that ends in a later piece', [Buffer.from('x'.repeat(8)), Buffer.from('xxx\n')]],
  ])('rejects a line that is too long, %s', async (_, chunks) => {
    await expect(collect(linesOf(chunksOf(...chunks), 10, 'the watch'))).rejects.toMatchObject({
      kind: 'bad_answer',
      message: 'the watch: an event of more than 10 bytes',
    });
  });

  it('accepts a line of the maximum length', async () => {
    const chunks = chunksOf(Buffer.from('xxxxxxxx'), Buffer.from('xx\n'));
    expect(await collect(linesOf(chunks, 10, 'test'))).toEqual(['xxxxxxxxxx']);
    const later = chunksOf(Buffer.from('xxxxxxxx'), Buffer.from('xx'), Buffer.from('\n'));
    expect(await collect(linesOf(later, 10, 'test'))).toEqual(['xxxxxxxxxx']);
  });
});
