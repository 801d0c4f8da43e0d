import { describe, expect, it } from 'vitest';
import { SelectionMemo } from './selection-memo.ts';

describe('SelectionMemo', () => {
  function counting() {
    const memo = new SelectionMemo(100);
    const made: string[] = [];
    const get = (key: string, version: number, size = 1) =>
      memo.get(key, version, async () => {
        made.push(`${key}@${version}`);
        return Array.from({ length: size }, (_, index) => `${key}-${index}`);
      });
    return { get, made };
  }

  it('selects once for each version', async () => {
    const { get, made } = counting();
    expect(await get('a', 1)).toEqual(['a-0']);
    expect(await get('a', 1)).toEqual(['a-0']);
    await get('a', 2);
    await get('a', 2);
    expect(made).toEqual(['a@1', 'a@2']);
  });

  it('selects once for concurrent callers of one version', async () => {
    const { get, made } = counting();
    const [first, second] = await Promise.all([get('a', 1), get('a', 1), get('a', 2), get('b', 1)]);
    expect(second).toBe(first);
    expect(made).toEqual(['a@1', 'a@2', 'b@1']);
    await get('a', 2);
    expect(made).toHaveLength(3);
  });

  it('caches the last version of a selection', async () => {
    const { get, made } = counting();
    await get('b', 1, 4);
    for (let version = 1; version <= 50; version += 1) await get('a', version, 4);
    made.length = 0;
    await get('b', 1, 4);
    await get('a', 50, 4);
    expect(made).toEqual([]);
  });

  it('caches up to its limit', async () => {
    const { get, made } = counting();
    // 34 names and an overhead of 16 each: 100 together.
    await get('a', 1, 34);
    await get('b', 1, 34);
    await get('a', 1, 34);
    await get('b', 1, 34);
    expect(made).toEqual(['a@1', 'b@1']);
    await get('c', 1, 0);
    await get('a', 1, 34);
    expect(made).toEqual(['a@1', 'b@1', 'c@1', 'a@1']);
  });

  it('does not cache a failed selection', async () => {
    const memo = new SelectionMemo(100);
    const failing = memo.get('a', 1, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(await memo.get('a', 1, async () => ['x'])).toEqual(['x']);
  });

  it('evicts the least recently used selections, so that its size is bounded', async () => {
    const { get, made } = counting();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await get(key, 1, 4);
    await get('a', 1);
    await get('f', 1, 4);
    expect(made.splice(0)).toEqual(['a@1', 'b@1', 'c@1', 'd@1', 'e@1', 'f@1']);
    await get('a', 1);
    await get('b', 1);
    expect(made).toEqual(['b@1']);
  });

  it('accounts for the size of long selectors', async () => {
    const { get, made } = counting();
    const keys = ['a', 'b', 'c'].map((letter) => letter.repeat(640));
    for (const key of keys) await get(key, 1);
    expect(made.splice(0)).toHaveLength(3);
    for (const key of keys.slice(0, 2)) await get(key, 1);
    // There is room for one of 640 characters, not for two.
    expect(made).toHaveLength(2);
    await get('d', 1);
    await get('d', 1);
    expect(made).toHaveLength(3);
  });

  it('returns more names than it may cache, without caching them', async () => {
    const { get, made } = counting();
    expect(await get('a', 1, 1_000)).toHaveLength(1_000);
    expect(await get('a', 1, 1_000)).toHaveLength(1_000);
    expect(made).toHaveLength(2);
  });
});
