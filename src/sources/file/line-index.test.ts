import fc from 'fast-check';
import { expect, it } from 'vitest';
import { indexLines } from './fault-list.ts';

it('counts lines and columns from 1, for all line endings', () => {
  const lines = indexLines('ab\ncd\r\nef\rg');
  expect([0, 2, 3, 6, 7, 8, 11].map((offset) => lines.positionOf(offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 2, column: 4 },
    { line: 3, column: 1 },
    { line: 3, column: 2 },
    { line: 4, column: 2 },
  ]);
});

it('stays within the text', () => {
  expect(indexLines('').positionOf(5)).toEqual({ line: 1, column: 1 });
  expect(indexLines('a\n').positionOf(99)).toEqual({ line: 2, column: 1 });
});

it('finds the character at an offset', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', '\n', '\r\n'), { minLength: 1 }), (parts) => {
      const text = parts.join('');
      const lines = indexLines(text);
      for (const [offset, character] of [...text].entries()) {
        if (character === '\n' || character === '\r') continue;
        const { line, column } = lines.positionOf(offset);
        expect(text.split(/\r\n|\n/)[line - 1]?.[column - 1]).toBe(character);
      }
    }),
  );
});
