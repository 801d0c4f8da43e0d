import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyWriter, bodyLength } from './body.ts';

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 1, max: 200_000 }).map((length) => '\u00e9'.repeat(length)),
);

describe('BodyWriter', () => {
  it('has every piece in order, in any division', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 20 }), (pieces) => {
        const writer = new BodyWriter();
        const taken: Buffer[] = [];
        for (const [each, isTaken] of pieces) {
          writer.write(each);
          if (isTaken) taken.push(...writer.take());
        }
        const whole = Buffer.concat([...taken, ...writer.take()]);
        expect(whole).toEqual(Buffer.concat(pieces.map(([each]) => Buffer.from(each))));
        expect(writer.length).toBe(whole.length);
      }),
      { numRuns: 60 },
    );
  });

  it('uses few large buffers', () => {
    const writer = new BodyWriter();
    for (let i = 0; i < 10_000; i += 1) writer.write('x'.repeat(1_000));
    const body = writer.take();
    expect(bodyLength(body)).toBe(10_000_000);
    expect(body.length).toBeLessThan(16);
  });

  it('releases all its memory', () => {
    const writer = new BodyWriter();
    writer.write('first');
    const first = writer.take();
    writer.write('second');
    writer.free();
    expect(bodyLength(first)).toBe(0);
    expect(writer.take()).toEqual([]);
  });

  it('reuses released buffers, without their old content', () => {
    const writer = new BodyWriter();
    for (let i = 0; i < 4; i += 1) writer.write(Buffer.alloc(1024 * 1024, 'a'));
    const [first] = writer.take();
    writer.free();
    const next = new BodyWriter();
    for (let i = 0; i < 4; i += 1) next.write(Buffer.alloc(1024 * 1024, 'b'));
    expect(first).toHaveLength(0);
    expect(Buffer.concat(next.take()).equals(Buffer.alloc(4 * 1024 * 1024, 'b'))).toBe(true);
    next.free();
  });
});
