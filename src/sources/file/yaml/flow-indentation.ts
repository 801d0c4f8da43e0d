import { type Event, parseEvents, YAMLException } from 'js-yaml';

/** A parsed text, of which some lines may have been indented first. */
export interface LenientlyParsed {
  /** The text of the offsets of the events. */
  readonly text: string;
  readonly events: readonly Event[];
  /** An offset of `text` as an offset of the original. */
  originalOffset(offset: number): number;
}

/** The text is not YAML. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  /** Into the original text. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** More than any indentation in practice. */
const INDENTATION = 100;

/** The maximum number of characters to parse, which limits the repairs of a large file. */
const BUDGET = 64 * 1024 * 1024;

/**
 * Parses YAML as leniently as go-yaml if lists in brackets, fields in braces and quoted texts span several
 * lines. YAML requires such lines to be indented more than their parent. go-yaml does not, and the usual style
 * with the closing brace below the key depends on it:
 *
 *     resources: {
 *       template: "<<.Resource>>"
 *     }
 *
 * White space at the start of such a line has no meaning, so indenting it changes nothing else.
 *
 * @throws SyntaxFault
 */
export function parseLeniently(original: string, maxDepth: number): LenientlyParsed {
  const indented: number[] = [];
  let text = original;
  let budget = BUDGET;
  for (;;) {
    try {
      const events = parseEvents(text, { maxDepth });
      const inserted = [...indented];
      return { text, events, originalOffset: (offset) => withoutIndents(inserted, offset) };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const offset = withoutIndents(indented, error.mark?.position ?? 0);
      const lineStart = startOfLine(original, offset);
      budget -= text.length;
      if (error.reason !== 'deficient indentation' || indented.includes(lineStart) || budget <= 0) {
        const line = original.slice(lineStart, endOfLine(original, lineStart));
        throw new SyntaxFault(offset, describe(error.reason, line, offset - lineStart));
      }
      indented.push(lineStart);
      indented.sort((a, b) => a - b);
      text = withIndents(original, indented);
    }
  }
}

/** @param at the offset in the line */
function describe(reason: string, line: string, at: number): string {
  const hint = hintFor(reason, line, at);
  return `not YAML: ${reason}${hint === undefined ? '' : ` (${hint})`}`;
}

function hintFor(reason: string, line: string, at: number): string | undefined {
  if (/^\s*(?:-\s*)?\t/.test(line)) return 'use spaces in place of the tab';
  if (line.slice(0, at).includes('\t')) return 'this line has a tab: use spaces';
  if (!reason.startsWith('bad indentation')) return undefined;
  const quote = /(["'])[^"']*\1$/.exec(line.slice(0, at))?.[1];
  if (quote === '"') {
    return "the text ends with the quotation mark before this: put a text that has \" in it between ' and '";
  }
  if (quote === "'") return "the text ends with the ' before this: write '' for a ' inside of it";
  return line.slice(0, at).trim() === ''
    ? 'a field begins in the same column as the fields beside it, what belongs to a field further right'
    : undefined;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

function startOfLine(text: string, offset: number): number {
  const before = text.slice(0, offset);
  return Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1;
}

/** @param starts offsets of the original at which lines are indented, ascending */
function withIndents(original: string, starts: readonly number[]): string {
  const parts = starts.map((start, index) => original.slice(starts[index - 1] ?? 0, start));
  parts.push(original.slice(starts.at(-1) ?? 0));
  return parts.join(' '.repeat(INDENTATION));
}

function withoutIndents(starts: readonly number[], offset: number): number {
  let inserted = 0;
  for (const start of starts) {
    const begin = start + inserted;
    if (offset < begin) break;
    if (offset < begin + INDENTATION) return start;
    inserted += INDENTATION;
  }
  return offset - inserted;
}
