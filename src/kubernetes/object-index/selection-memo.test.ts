import { describe, expect, it } from 'vitest';
import { SelectionMemo } from './selection-memo.ts';

describe('SelectionMemo', () => {
  function counting() {
    const memo = new SelectionMemo(100);
    const made: string[] = [];
    const get = (key: string, version: number, size = 1) =>
      memo.get(key, version, () => {
        made.push(`${key}@${version}`);
        return Array.from({ length: size }, (_, index) => `${key}-${index}`);
      });
    return { get, made };
  }

  it('selects once for each version', () => {
    const { get, made } = counting();
    expect(get('a', 1)).toEqual(['a-0']);
    expect(get('a', 1)).toEqual(['a-0']);
    get('a', 2);
    get('a', 2);
    expect(made).toEqual(['a@1', 'a@2']);
  });

  it('forgets what was not asked for the longest, so that what it holds is bounded', () => {
    const { get, made } = counting();
    for (const key of ['a', 'b', 'c', 'd', 'e']) get(key, 1, 4);
    get('a', 1);
    get('f', 1, 4);
    expect(made.splice(0)).toEqual(['a@1', 'b@1', 'c@1', 'd@1', 'e@1', 'f@1']);
    get('a', 1);
    get('b', 1);
    expect(made).toEqual(['b@1']);
  });

  it('counts long selectors for what they take', () => {
    const { get, made } = counting();
    const keys = ['a', 'b', 'c'].map((letter) => letter.repeat(640));
    for (const key of keys) get(key, 1);
    expect(made.splice(0)).toHaveLength(3);
    for (const key of keys.slice(0, 2)) get(key, 1);
    // There is room for one of 640 characters, not for two.
    expect(made).toHaveLength(2);
    get('d', 1);
    get('d', 1);
    expect(made).toHaveLength(3);
  });

  it('answers with more names than it may hold, and holds them not', () => {
    const { get, made } = counting();
    expect(get('a', 1, 1_000)).toHaveLength(1_000);
    expect(get('a', 1, 1_000)).toHaveLength(1_000);
    expect(made).toHaveLength(2);
  });
});
