import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from './encode.ts';
import { encodeInPieces } from './encode-in-pieces.ts';
import { longContent } from './long-content.ts';
import { LongList, listItems } from './long-list.ts';
import { externalMetricValueList } from './metric-value-list.ts';
import { JSON_TYPE, objectMediaTypes, YAML_TYPE } from './negotiation.ts';

const value = fc.record({
  metricName: fc.string(),
  metricLabels: fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })),
  timestamp: fc.integer({ min: 0, max: 2e9 }),
  value: fc.constantFrom('1', '500m'),
});

/** The same with an array for its long list. */
function plain(list: object): object {
  return Object.fromEntries(
    Object.entries(list).map(([name, field]) => [
      name,
      field instanceof LongList ? [...field] : field,
    ]),
  );
}

describe('encodeInPieces', () => {
  it('writes what encode writes', () => {
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 250 }),
        fc.constantFrom(...objectMediaTypes),
        fc.boolean(),
        (values, mediaType, pretty) => {
          // Every third item has the labels of the one before, as the same object.
          const shared = values.map((each, i) =>
            i % 3 === 2 ? { ...each, metricLabels: values[i - 1]?.metricLabels ?? {} } : each,
          );
          const list = externalMetricValueList(new Set(shared));
          const pieces = encodeInPieces(list, mediaType, pretty) ?? [];
          expect(Buffer.concat([...pieces])).toEqual(encode(plain(list), mediaType, pretty));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves short lists to encode', () => {
    const items = listItems([1, 2], (number) => ({ number }));
    expect(items).toEqual([{ number: 1 }, { number: 2 }]);
    expect(encodeInPieces({ items }, JSON_TYPE, false)).toBeUndefined();
  });

  it('rejects YAML of a long list before all of it is encoded', () => {
    let made = 0;
    const items = listItems(Array.from({ length: 100_000 }), () => {
      made += 1;
      return { text: 'x'.repeat(100) };
    });
    const pieces = encodeInPieces({ kind: 'A', items }, YAML_TYPE, false) ?? [];
    expect(() => [...pieces]).toThrow('too large for application/yaml');
    expect(made).toBeLessThan(10_000);
  });
});

describe('longContent', () => {
  const pieces = () => Array.from({ length: 30 }, (_, i) => Buffer.alloc(10_000, String(i % 10)));
  const whole = Buffer.concat(pieces());

  it('concatenates the pieces and releases their memory', async () => {
    const given = pieces();
    const content = await longContent(given, false, new AbortController().signal);
    expect(content.length).toBe(300_000);
    expect(await content.bytes()).toEqual(whole);
    expect(gunzipSync(await content.gzipped())).toEqual(whole);
    expect(given.every((piece) => piece.length === 0)).toBe(true);
  });

  it('is compressed while it is collected', async () => {
    const content = await longContent(pieces(), true, new AbortController().signal);
    expect(content.length).toBe(300_000);
    expect(gunzipSync(await content.gzipped())).toEqual(whole);
    expect(await content.bytes()).toEqual(whole);
  });

  it('is not compressed where it is not worth it', async () => {
    const content = await longContent(pieces().slice(0, 2), true, new AbortController().signal);
    expect(await content.bytes()).toHaveLength(20_000);
  });

  it('is empty once it is freed', async () => {
    const content = await longContent(pieces(), false, new AbortController().signal);
    content.free?.();
    expect(await content.bytes()).toHaveLength(0);
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    let made = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        made += 1;
        if (made === 3) controller.abort(new Error('the client has gone'));
        yield Buffer.from('x');
      }
    }
    await expect(longContent(endless(), false, controller.signal)).rejects.toThrow('has gone');
    expect(made).toBe(3);
  });
});
