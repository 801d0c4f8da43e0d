import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type WireWriter, writeMessage } from './wire.ts';

/** A field with its value: a text, a number, or the fields of a message. */
type Field = { readonly number: number; readonly value: string | bigint | readonly Field[] };

const { message } = fc.letrec<{ message: readonly Field[]; field: Field }>((tie) => ({
  message: fc.array(tie('field'), { maxLength: 5, depthIdentifier: 'message' }),
  field: fc.record({
    number: fc.integer({ min: 1, max: 2 ** 20 }),
    value: fc.oneof(
      { depthIdentifier: 'message', maxDepth: 4 },
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      // Around the sizes at which a length takes one more byte, and at which the buffer grows.
      fc
        .tuple(
          fc.constantFrom(0, 127, 128, 1000, 1024, 16_383, 16_384),
          fc.string({ unit: 'binary' }),
        )
        .map(([length, text]) => 'x'.repeat(length) + text),
      tie('message'),
    ),
  }),
}));

function write(writer: WireWriter, fields: readonly Field[]): void {
  for (const { number, value } of fields) {
    if (typeof value === 'string') writer.bytes(number, value);
    else if (typeof value === 'bigint') writer.varint(number, value);
    else {
      const message = writer.open(number);
      write(writer, value);
      writer.close(message);
    }
  }
}

/** The same, written literally as in the specification: each message separately, with a known length. */
function plainly(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ number, value }) => {
      if (typeof value === 'bigint') return [varint(BigInt(number) << 3n), varint(value)];
      const bytes = typeof value === 'string' ? Buffer.from(value) : plainly(value);
      return [varint((BigInt(number) << 3n) | 2n), varint(BigInt(bytes.length)), bytes];
    }),
  );
}

function varint(value: bigint): Buffer {
  const bits = BigInt.asUintN(64, value);
  const last = bits < 128n;
  const byte = Buffer.from([Number(bits & 127n) | (last ? 0 : 128)]);
  return last ? byte : Buffer.concat([byte, varint(bits >> 7n)]);
}

it('writes nested messages as if each were written separately', () => {
  fc.assert(
    fc.property(message, (fields) => {
      expect(writeMessage((writer) => write(writer, fields)).equals(plainly(fields))).toBe(true);
    }),
  );
});
