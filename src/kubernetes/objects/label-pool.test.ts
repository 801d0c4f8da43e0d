import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelPool } from './label-pool.ts';

const labels = fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), {
  maxKeys: 4,
});

describe('LabelPool', () => {
  it('returns one set for equal labels in any order', () => {
    const pool = new LabelPool();
    const one = pool.share({ app: 'web', tier: 'front' });
    expect(pool.share({ tier: 'front', app: 'web' })).toBe(one);
    expect(pool.share({ app: 'web' })).not.toBe(one);
    expect(pool.size).toBe(2);
  });

  it('distinguishes sets that differ in the end of a key', () => {
    const pool = new LabelPool();
    const sets = [{ ab: 'c' }, { a: 'bc' }, { abc: '' }, { a: 'b', c: '' }, {}];
    expect(sets.map((set) => pool.share(set))).toEqual(sets);
    expect(pool.size).toBe(sets.length);
  });

  it('keeps the labels, and equal sets only once', () => {
    fc.assert(
      fc.property(fc.array(labels), (sets) => {
        const pool = new LabelPool();
        const shared = sets.map((set) => pool.share(set));
        expect(shared.map((set) => ({ ...set }))).toEqual(sets.map((set) => ({ ...set })));
        const different = new Set(sets.map((set) => JSON.stringify(Object.entries(set).sort())));
        expect(pool.size).toBe(different.size);
        expect(new Set(shared).size).toBe(different.size);
      }),
    );
  });

  it('distinguishes sets with equal hashes', async () => {
    // With the standard offset basis of FNV-1a (32 bits), these keys have the same hash.
    const pool = new LabelPool(0x811c9dc5);
    const one = pool.share({ costarring: 'x' });
    const other = pool.share({ liquid: 'x' });
    expect(one).toEqual({ costarring: 'x' });
    expect(other).toEqual({ liquid: 'x' });
    expect(pool.share({ liquid: 'x' })).toBe(other);
    await pool.keepOnly(() => [other, one]);
    expect(pool.share({ costarring: 'x' })).toBe(one);
    expect(pool.share({ liquid: 'x' })).toBe(other);
  });

  it('removes the sets that are not kept', async () => {
    const pool = new LabelPool();
    const kept = pool.share({ app: 'web' });
    const dropped = pool.share({ app: 'old' });
    await pool.keepOnly(() => [kept, kept]);
    expect(pool.size).toBe(1);
    expect(pool.share({ app: 'web' })).toBe(kept);
    expect(pool.share({ app: 'old' })).not.toBe(dropped);
  });

  it('keeps the sets that are added during removal, and yields to other work', async () => {
    const pool = new LabelPool();
    const sets = Array.from({ length: 50_000 }, (_, index) => pool.share({ id: String(index) }));
    const gone = pool.share({ app: 'gone' });
    const wanted = pool.share({ app: 'wanted' });
    const tidied = pool.keepOnly(() => sets);
    let turns = 0;
    let isTidied = false;
    const share = (): void => {
      turns += 1;
      expect(pool.share({ app: 'wanted' })).toBe(wanted);
      expect(pool.share({ id: '49999' })).toBe(sets.at(-1));
      pool.share({ app: `new-${turns}` });
      if (!isTidied) setImmediate(share);
    };
    setImmediate(share);
    await tidied;
    isTidied = true;
    expect(turns).toBeGreaterThan(1);
    expect(pool.share({ app: 'wanted' })).toBe(wanted);
    expect(sets.every((set) => pool.share({ ...set }) === set)).toBe(true);
    expect(pool.size).toBe(sets.length + 1 + turns);
    expect(pool.share({ app: 'gone' })).not.toBe(gone);
  });

  it('removes several times in a row, and everything together', async () => {
    const pool = new LabelPool();
    const sets = Array.from({ length: 20_000 }, (_, index) => pool.share({ id: String(index) }));
    const [first] = sets;
    if (first === undefined) throw new Error('there are no sets');
    await Promise.all([pool.keepOnly(() => sets), pool.keepOnly(() => [first])]);
    expect(pool.size).toBe(1);
    expect(pool.share({ id: '0' })).toBe(first);
    const cleared = pool.keepOnly(() => sets);
    await Promise.resolve();
    pool.clear();
    await cleared;
    expect(pool.size).toBe(0);
    expect(pool.share({ id: '0' })).not.toBe(first);
  });

  it('supports keys that are properties of all objects', () => {
    const pool = new LabelPool();
    expect(Object.entries(pool.share({ constructor: 'a' }))).toEqual([['constructor', 'a']]);
    expect(pool.share({})).not.toBe(pool.share({ constructor: 'a' }));
  });
});
