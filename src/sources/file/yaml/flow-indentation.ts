import { type Event, parseEvents, YAMLException } from 'js-yaml';

/** A text parsed, in which some lines may have been indented first. */
export interface LenientlyParsed {
  /** The text that the offsets of the events are about. */
  readonly text: string;
  readonly events: readonly Event[];
  /** An offset of `text` as an offset of the original. */
  originalOffset(offset: number): number;
}

/** A text that is no YAML even so. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  /** Into the original text. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** More than any indentation that a person would write. */
const INDENTATION = 100;

/** How many characters may be parsed in all, so that many repairs of a large file end. */
const BUDGET = 64 * 1024 * 1024;

/**
 * Parses YAML as leniently as go-yaml does where lists in brackets, fields in braces and quoted
 * text go on over several lines. YAML wants such lines indented further than what they belong to;
 * go-yaml does not mind, and the usual style of ending with a brace below the key relies on it:
 *
 *     resources: {
 *       template: "<<.Resource>>"
 *     }
 *
 * White space at the start of such a line means nothing, so indenting it changes nothing else.
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

/** @param at the place in the line, from 0 */
function describe(reason: string, line: string, at: number): string {
  const hint = hintFor(reason, line, at);
  return `not YAML: ${reason}${hint === undefined ? '' : ` (${hint})`}`;
}

function hintFor(reason: string, line: string, at: number): string | undefined {
  if (/^\s*-?\s*\t/.test(line)) return 'use spaces in place of the tab';
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
