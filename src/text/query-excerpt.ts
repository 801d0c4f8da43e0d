/** How much of a query is shown before and after a place, in UTF-16 units. */
const REACH = 40;

/** How much of the place itself is shown. */
const LONGEST = 60;

/**
 * The part of a query around a position, on one line: white space is collapsed, and `…` replaces omitted
 * text.
 *
 * @param from where the place begins in the query, in UTF-16 units
 * @param to where it ends
 */
export function queryExcerpt(query: string, from: number, to: number): string {
  const start = Math.max(0, from - REACH);
  const end = Math.min(query.length, Math.min(to, from + LONGEST) + REACH);
  const shown = query.slice(start, end).replaceAll(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${shown.trim()}${end < query.length ? '…' : ''}`;
}
