import { goQuote } from '../../text/quote.ts';

/** The text of a string literal, or its fault, with offsets from the start of the literal. */
export type Unquoted =
  | {
      readonly text: string;
      /** Escapes such as `\xff` can give bytes that are not UTF-8; `text` has U+FFFD for them. */
      readonly isUtf8: boolean;
      readonly fault?: never;
    }
  | {
      readonly text?: never;
      readonly isUtf8?: never;
      readonly fault: { readonly offset: number; readonly end: number; readonly message: string };
    };

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
]);

/** A numeric escape: its form after the backslash, and the meaning of the number. */
const NUMBERED_ESCAPES = [
  { pattern: /[0-7]{3}/y, digits: 0, base: 8, isByte: true },
  { pattern: /x[0-9a-fA-F]{2}/y, digits: 1, base: 16, isByte: true },
  { pattern: /u[0-9a-fA-F]{4}/y, digits: 1, base: 16, isByte: false },
  { pattern: /U[0-9a-fA-F]{8}/y, digits: 1, base: 16, isByte: false },
] as const;

/**
 * Parses a PromQL string literal: `"…"` and `'…'` with Go's escapes, or `` `…` `` without escapes. As in Prometheus,
 * `'…'` may contain more than one character, a quote is escaped only in literals with the same quotes, and U+FFFD is
 * allowed only as an escape.
 *
 * A Go string is a sequence of bytes, and `\xff` can add any byte. Bytes that are not UTF-8 become U+FFFD here.
 *
 * @param literal the literal with its quotes
 * @returns the text, or the fault with its place in the literal in UTF-16 units
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
 */
export function unquote(literal: string): Unquoted {
  const quote = literal.charAt(0);
  if (quote !== '"' && quote !== "'" && quote !== '`') {
    return faultAt(0, 1, 'expected a string in quotes (", \' or `)');
  }
  const reading = new LiteralReading(literal, quote);
  while (!reading.finished) {
    const fault = reading.step();
    if (fault !== undefined) {
      return fault;
    }
  }
  if (reading.position !== literal.length) {
    return faultAt(reading.position, literal.length, 'expected nothing after the closing quote');
  }
  return { text: reading.text(), isUtf8: reading.isUtf8 };
}

/**
 * The end (exclusive) of a string literal that starts at `from`: after its closing quote, or otherwise at the end of
 * the line (of the text for a raw string).
 */
export function endOfLiteral(text: string, from: number): number {
  const quote = text.charAt(from);
  if (quote === '`') {
    const closing = text.indexOf('`', from + 1);
    return closing === -1 ? text.length : closing + 1;
  }
  let position = from + 1;
  while (position < text.length && text[position] !== '\n') {
    if (text[position] === quote) {
      return position + 1;
    }
    position += text[position] === '\\' && text[position + 1] !== '\n' ? 2 : 1;
  }
  return Math.min(position, text.length);
}

/** Parses a literal, character by character. */
class LiteralReading {
  readonly #literal: string;
  readonly #quote: string;
  #decoded = '';
  /** Consecutive bytes from `\xNN` and `\NNN`, which together may be one character. */
  #bytes: number[] = [];
  position = 1;
  finished = false;
  /** Whether all bytes so far are UTF-8. */
  isUtf8 = true;

  constructor(literal: string, quote: string) {
    this.#literal = literal;
    this.#quote = quote;
  }

  text(): string {
    this.#flushBytes();
    return this.#decoded;
  }

  /** Reads one character or escape. */
  step(): Unquoted | undefined {
    const codePoint = this.#literal.codePointAt(this.position);
    const isRaw = this.#quote === '`';
    if (codePoint === undefined || (codePoint === 0x0a && !isRaw)) {
      return faultAt(
        0,
        this.position,
        `the string is not closed: a closing ${this.#quote} is missing`,
      );
    }
    const character = String.fromCodePoint(codePoint);
    if (character === this.#quote) {
      this.finished = true;
      this.position += 1;
      return undefined;
    }
    if (character === '\\' && !isRaw) {
      return this.#escape();
    }
    if (!character.isWellFormed() || codePoint === 0xfffd) {
      return faultAt(
        this.position,
        this.position + 1,
        isRaw
          ? 'Prometheus does not accept the replacement character U+FFFD in a raw string'
          : 'Prometheus accepts the replacement character U+FFFD only as \\ufffd',
      );
    }
    this.#append(character);
    this.position += character.length;
    return undefined;
  }

  #escape(): Unquoted | undefined {
    const start = this.position;
    const letter = this.#literal.charAt(start + 1);
    const named = letter === this.#quote ? letter : NAMED_ESCAPES.get(letter);
    if (named !== undefined) {
      this.#append(named);
      this.position = start + 2;
      return undefined;
    }
    for (const { pattern, digits, base, isByte } of NUMBERED_ESCAPES) {
      pattern.lastIndex = start + 1;
      const spelled = pattern.exec(this.#literal)?.[0];
      if (spelled !== undefined) {
        this.position = start + 1 + spelled.length;
        return this.#appendNumbered(start, Number.parseInt(spelled.slice(digits), base), isByte);
      }
    }
    return faultAt(start, Math.min(start + 2, this.#literal.length), unknownEscape(letter));
  }

  #appendNumbered(start: number, value: number, isByte: boolean): Unquoted | undefined {
    if (isByte && value <= 0xff) {
      this.#bytes.push(value);
      return undefined;
    }
    if (isByte || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
      return faultAt(
        start,
        this.position,
        isByte ? 'an octal escape is one byte, at most \\377' : 'no such character',
      );
    }
    this.#append(String.fromCodePoint(value));
    return undefined;
  }

  #append(text: string): void {
    this.#flushBytes();
    this.#decoded += text;
  }

  #flushBytes(): void {
    if (this.#bytes.length > 0) {
      const bytes = Uint8Array.from(this.#bytes);
      const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      // Replaced bytes differ from the original when the text is encoded again.
      this.isUtf8 &&= sameBytes(new TextEncoder().encode(decoded), bytes);
      this.#decoded += decoded;
      this.#bytes = [];
    }
  }
}

function unknownEscape(letter: string): string {
  if (letter === '') {
    return 'expected a character after the backslash';
  }
  if (/[0-7xuU]/.test(letter)) {
    return 'expected three octal digits, or \\x with two, \\u with four or \\U with eight hexadecimal digits';
  }
  return `unknown escape \\${letter}: write \\\\ for a backslash, as in ${goQuote('\\d')}`;
}

function faultAt(offset: number, end: number, message: string): Unquoted {
  return { fault: { offset, end, message } };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
