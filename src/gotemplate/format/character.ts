import { goQuote } from '../../text/quote.ts';

const REPLACEMENT = '\u{fffd}';

/** Whether a character is printable in Go. */
export function isPrintable(character: string): boolean {
  return character === '"' || character === '\\' || goQuote(character) === `"${character}"`;
}

/** A character as Go's `%#U` prints it, e.g. `U+003E '>'`. */
export function describeCharacter(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return isPrintable(character) ? `U+${hex} '${character}'` : `U+${hex}`;
}

/** A Unicode code point as text; U+FFFD for an invalid one (too large, a surrogate). */
export function characterOf(codePoint: bigint): string {
  const isValid = codePoint >= 0n && codePoint <= 0x10ffffn;
  return isValid ? String.fromCodePoint(Number(codePoint)).toWellFormed() : REPLACEMENT;
}

/** Quotes a character as Go's `strconv.QuoteRune` does. */
export function quoteCharacter(character: string, asciiOnly: boolean): string {
  if (character === "'") {
    return "'\\''";
  }
  if (character === '"') {
    return `'"'`;
  }
  return `'${escapeCharacter(character, asciiOnly)}'`;
}

/** Quotes a text as Go's `strconv.QuoteToASCII` does: `goQuote` with all characters except ASCII escaped. */
export function quoteToAscii(text: string): string {
  let quoted = '"';
  for (const character of text.toWellFormed()) {
    quoted += escapeCharacter(character, true);
  }
  return `${quoted}"`;
}

function escapeCharacter(character: string, asciiOnly: boolean): string {
  const codePoint = character.codePointAt(0) ?? 0;
  if (!asciiOnly || codePoint < 0x80) {
    return goQuote(character).slice(1, -1);
  }
  const hex = codePoint.toString(16);
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Characters that a Go raw string cannot contain: control characters except the tab, the backquote, the BOM. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_RAW = /[\0-\x08\x0a-\x1f\x7f`\u{feff}]/u;

/** Go's `strconv.CanBackquote`: whether a text can be a raw string on one line. */
export function canBackquote(text: string): boolean {
  return text.isWellFormed() && !NOT_RAW.test(text);
}
