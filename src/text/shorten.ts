/** In characters. */
const LONGEST_ECHO = 200;

/**
 * The first 200 characters of a text of a request, for an error message. A response must not be larger
 * than its request.
 */
export function echoedText(text: string): string {
  return text.length > LONGEST_ECHO ? `${text.slice(0, LONGEST_ECHO)}…` : text;
}

/** The length of the context before and after the place, in UTF-16 units. */
const REACH = 40;

/** The maximum length of the place itself. */
const LONGEST_PLACE = 60;

/**
 * The part of a query around a position, on one line: white space is collapsed, and `…` replaces omitted
 * text.
 *
 * @param from the start of the place in the query, in UTF-16 units
 * @param to the end of the place
 */
export function queryExcerpt(query: string, from: number, to: number): string {
  const start = Math.max(0, from - REACH);
  const end = Math.min(query.length, Math.min(to, from + LONGEST_PLACE) + REACH);
  const shown = query.slice(start, end).replaceAll(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${shown.trim()}${end < query.length ? '…' : ''}`;
}
