import { expect, it } from 'vitest';
import { excerpt } from './excerpt.ts';
import type { Fault } from './fault.ts';
import { indexLines } from './position.ts';

function shown(text: string, line: number, column: number): string {
  const fault: Fault = { severity: 'error', file: 'f', line, column, field: '', message: '' };
  return excerpt(indexLines(text), fault);
}

it('shows the line with a caret below the place', () => {
  expect(shown('rules:\n- {nope: 1}\n', 2, 4)).toBe('  2 | - {nope: 1}\n    |    ^');
});

it('keeps tabs, so that the caret stays below', () => {
  expect(shown('a:\t\tb', 1, 5)).toBe('  1 | a:\t\tb\n    |   \t\t^');
});

it('cuts long lines around the place', () => {
  const text = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
  const [line = '', caret = ''] = shown(text, 1, 501).split('\n');
  expect(line.length).toBeLessThan(140);
  expect(line[caret.indexOf('^')]).toBe('X');
  expect(line).toMatch(/\| \.\.\.a+Xb+\.\.\.$/);
});

it('prints nothing that steers a terminal', () => {
  expect(shown('a\u001b[2J\u0007\u202eb', 1, 1)).not.toMatch(/[^\P{C}\n]/u);
});

it('shows nothing for the file as a whole', () => {
  expect(shown('a', 0, 0)).toBe('');
});
