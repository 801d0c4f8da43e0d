import type { Fault } from './fault.ts';
import type { LineIndex } from './position.ts';

/** How much of a long line is shown on each side of the place. */
const REACH = 60;

/**
 * The line that a fault is about with a caret below the place, as two lines of text; empty for a
 * fault of the file as a whole. What cannot be printed is replaced, so that no file can steer a
 * terminal.
 */
export function excerpt(lines: LineIndex, { line, column }: Fault): string {
  if (line === 0) return '';
  const text = lines.line(line);
  const place = column - 1;
  const start = Math.max(0, place - REACH);
  const end = Math.min(text.length, place + REACH);
  const shown = printable(text.slice(start, end));
  const [before, after] = [start > 0 ? '...' : '', end < text.length ? '...' : ''];
  const number = String(line);
  const indent = shown.slice(0, place - start).replaceAll(/[^\t]/g, ' ');
  return [
    `  ${number} | ${before}${shown}${after}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(before.length)}${indent}^`,
  ].join('\n');
}

function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\t]/gu, '\uFFFD');
}
