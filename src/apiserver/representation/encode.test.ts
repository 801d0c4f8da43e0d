import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { externalMetricTypes, externalMetricValueList } from '../../apis/external/kinds.ts';
import { BodyWriter } from '../http/body.ts';
import { apiMessages } from '../protobuf/api-messages.ts';
import { encode, encodeInPieces } from './encode.ts';
import { LongList, listItems } from './long-list.ts';
import { JSON_TYPE, objectMediaTypes, YAML_TYPE } from './negotiation.ts';

const messages = apiMessages(externalMetricTypes);

const value = fc.record({
  metricName: fc.string(),
  metricLabels: fc.dictionary(
    fc.string(),
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme', minLength: 400, maxLength: 700 }),
    ),
  ),
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
        fc.array(value, { maxLength: 100 }),
        fc.constantFrom(...objectMediaTypes),
        fc.boolean(),
        (values, mediaType, pretty) => {
          // Two of three items have the labels of the one before, as the same object.
          const shared = values.map((each, i) => ({
            ...each,
            metricLabels: values[i - (i % 3)]?.metricLabels ?? {},
          }));
          const list = externalMetricValueList(new Set(shared));
          const pieces = encodeInPieces(list, mediaType, pretty, messages) ?? [];
          const written = new BodyWriter();
          for (const piece of pieces) written.write(piece);
          expect(Buffer.concat(written.take())).toEqual(
            encode(plain(list), mediaType, pretty, messages),
          );
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
