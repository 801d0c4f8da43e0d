import { getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/** Parts of a flow scalar that differ from its value: folded line breaks and escapes. */
const FOLD = '[ \\t]*(?:\\r\\n?|\\n)[ \\t\\r\\n]*';
const TRANSFORMED: ReadonlyMap<number, RegExp> = new Map([
  [SCALAR_STYLE.PLAIN, new RegExp(FOLD, 'g')],
  [SCALAR_STYLE.SINGLE_QUOTED, new RegExp(`${FOLD}|''`, 'g')],
  [
    SCALAR_STYLE.DOUBLE_QUOTED,
    new RegExp(`\\\\(?:x..|u.{4}|U.{8}|(?:\\r\\n?|\\n)[ \\t\\r\\n]*|[^\\r\\n])|${FOLD}`, 'g'),
  ],
]);

/**
 * The offset in the text of a character of a scalar's value.
 *
 * @param text the YAML source
 * @param scalar the scalar's parser event
 * @param offset offset into its decoded value, from 0, in UTF-16 units
 * @returns an offset in `text`; for a character of an escape or a folded line break, its start
 */
export function sourceOffset(text: string, scalar: ScalarEvent, offset: number): number {
  if (scalar.valueStart < 0) return 0;
  const isBlock =
    scalar.style === SCALAR_STYLE.LITERAL_BLOCK || scalar.style === SCALAR_STYLE.FOLDED_BLOCK;
  return isBlock ? blockSourceOffset(text, scalar, offset) : flowSourceOffset(text, scalar, offset);
}

function flowSourceOffset(text: string, scalar: ScalarEvent, offset: number): number {
  const { valueStart, valueEnd, style } = scalar;
  const source = text.slice(valueStart, valueEnd);
  let decoded = 0;
  let read = 0;
  for (const { 0: part, index } of source.matchAll(TRANSFORMED.get(style) ?? /$/g)) {
    const verbatim = index - read;
    if (offset < decoded + verbatim) return valueStart + read + (offset - decoded);
    decoded += verbatim;
    const range = { valueStart: valueStart + index, valueEnd: valueStart + index + part.length };
    const value = getScalarValue(text, { ...scalar, ...range, fast: false });
    if (offset < decoded + value.length) return valueStart + index;
    decoded += value.length;
    read = index + part.length;
  }
  return Math.min(valueStart + read + (offset - decoded), valueEnd);
}

/** All lines with content are in the value; only line breaks and indentation differ. */
function blockSourceOffset(text: string, scalar: ScalarEvent, offset: number): number {
  const { valueStart, valueEnd } = scalar;
  const indent = Math.max(scalar.indent, 0);
  const value = getScalarValue(text, scalar);
  let decoded = 0;
  let found = valueStart;
  for (const { 0: line, index } of text.slice(valueStart, valueEnd).matchAll(/[^\r\n]+/g)) {
    const content = line.slice(indent);
    if (content === '') continue;
    const start = valueStart + index + indent;
    const at = value.indexOf(content, decoded);
    if (at === -1) break;
    if (offset < at) return decoded === 0 ? start : found;
    if (offset < at + content.length) return start + (offset - at);
    decoded = at + content.length;
    found = start + content.length;
  }
  return found;
}
