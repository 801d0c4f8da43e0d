/** Go's escapes with a letter. */
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

/** Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Printable ASCII without the quote and the backslash, as in nearly all texts. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * Quotes a text as Go's `strconv.Quote` (and so the verb `%q`) does. String literals of PromQL
 * have the same rules, so the result is safe in a query.
 *
 * A lone surrogate, which a Go string cannot contain, becomes U+FFFD, as when the text is encoded as UTF-8. The
 * printable characters depend on the Unicode version of the runtime, as in Go. Newer characters are escaped,
 * which gives the same text when it is parsed.
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
