import { constructFromEvents } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseLeniently, SyntaxFault } from './flow-indentation.ts';

function read(original: string): unknown {
  const { text, events } = parseLeniently(original, 50);
  return constructFromEvents([...events], { source: text })[0];
}

describe('parseLeniently', () => {
  it('takes braces, brackets and quoted text that end below their key', () => {
    expect(read('a: {\n  b: \'x\ny\',\nc: [\n]\n}\nd: "p\\\nq"\n')).toEqual({
      a: { b: 'x y', c: [] },
      d: 'pq',
    });
    expect(read("- name: {\n    as: x\n  }\n  query: 'sum(y)\n  by (z)'\n")).toEqual([
      { name: { as: 'x' }, query: 'sum(y) by (z)' },
    ]);
  });

  it('does not change lines with correct indentation', () => {
    const original = 'a: {\n  b: c\n  }\nd: |\n    x\n   \n';
    const { text, originalOffset } = parseLeniently(original, 50);
    expect(text).toBe(original);
    expect(originalOffset(7)).toBe(7);
  });

  it('maps offsets back to the original', () => {
    const original = 'a: {\nb: c,\nd: e\n}\nf: g\n';
    const { text, originalOffset } = parseLeniently(original, 50);
    for (const word of ['a:', 'b:', 'c,', 'd:', 'e', '}', 'f:', 'g']) {
      expect(originalOffset(text.indexOf(word))).toBe(original.indexOf(word));
    }
    expect(originalOffset(text.indexOf('b:') - 1)).toBe(original.indexOf('b:'));
    expect(originalOffset(text.length)).toBe(original.length);
  });

  it('reports other errors at their place in the original', () => {
    const original = 'a: {\nb: c\n}\nd: ]\n';
    const attempt = (): unknown => parseLeniently(original, 50);
    expect(attempt).toThrow(SyntaxFault);
    expect(attempt).toThrow(expect.objectContaining({ offset: original.indexOf(']') }));
  });

  it('reports a tab as the reason', () => {
    expect(() => parseLeniently('a:\t[b]\n', 50)).toThrow(/this line has a tab/);
  });

  it.each([
    ['a:\n\tb: c\n', 'use spaces in place of the tab'],
    ['- a: "b{c="d"}"\n', "between ' and '"],
    ["- a: 'it's'\n", "write '' for a ' inside of it"],
    ['- a:\n    b: c\n   d: e\n', 'begins in the same column'],
  ])('has advice for %j', (text, advice) => {
    expect(() => parseLeniently(text, 50)).toThrow(advice);
  });

  it('reads a long indentation in linear time', () => {
    expect(() => parseLeniently(`a:\n${' '.repeat(300_000)}@x\n`, 50)).toThrow(SyntaxFault);
  });

  it('stops for a file with too many repairs', () => {
    const line = `a${'x'.repeat(5_000)},\n`;
    expect(() => parseLeniently(`a: [\n${line.repeat(200)}]\n`, 50)).toThrow(SyntaxFault);
  });
});
