/** The escapes Go has a letter for. */
const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** What Go's `unicode.IsPrint` lets through: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** As nearly all texts are: printable ASCII without the quote and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * Quotes a text as Go's `strconv.Quote` (and so the verb `%q`) does. PromQL reads string literals by
 * the same rules, so the outcome is safe to put into a query whatever the text is.
 *
 * A Go string is a sequence of bytes, so a lone surrogate cannot exist in one; it is written as
 * U+FFFD, which is also what encoding the text as UTF-8 makes of it. Which characters count as
 * printable depends on the Unicode version of the runtime, in Go as here: a character newer than
 * that is escaped, which reads back as the same text.
 *
 * @param text any text
 * @returns the text between double quotes, with Go's escapes
 * @see https://pkg.go.dev/strconv#Quote
 */
export function goQuote(text: string): string {
  if (PLAIN.test(text)) {
    return `"${text}"`;
  }
  let quoted = '"';
  for (const character of text.toWellFormed()) {
    quoted += NAMED_ESCAPES.get(character) ?? escapeUnlessPrintable(character);
  }
  return `${quoted}"`;
}

function escapeUnlessPrintable(character: string): string {
  if (PRINTABLE.test(character)) {
    return character;
  }
  const codePoint = character.codePointAt(0) ?? 0;
  if (codePoint < 0x80) {
    return `\\x${hex(codePoint, 2)}`;
  }
  return codePoint <= 0xffff ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`;
}

function hex(codePoint: number, digits: number): string {
  return codePoint.toString(16).padStart(digits, '0');
}
