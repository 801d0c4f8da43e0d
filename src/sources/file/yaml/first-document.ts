/** The first document of a YAML stream, by its markers alone. */
export interface FirstDocument {
  /** Where it ends: the text before this offset holds it and nothing else. */
  readonly end: number;
  /** Where a second document begins to have content, if there is one. */
  readonly next: number | undefined;
}

const BOUNDARY = /^(?:---|\.\.\.)(?=[ \t\r\n]|$)/;

/**
 * Finds the end of the first document. Like go-yaml, which the reference adapter reads its file
 * with, it leaves whatever follows unread, so that even a syntax error there does no harm.
 *
 * No scalar can hold a line that begins with a document marker, so looking at lines is enough.
 */
export function findFirstDocument(text: string): FirstDocument {
  let begun = false;
  let end: number | undefined;
  for (const { 0: line, index } of text.matchAll(/[^\r\n]+/g)) {
    const isBoundary = BOUNDARY.test(line);
    if (end !== undefined) {
      const content = isBoundary ? line.slice(3) : line;
      if (hasContent(content)) return { end, next: index };
    } else if (isBoundary && (begun || line.startsWith('...'))) {
      end = index;
      if (hasContent(line.slice(3))) return { end, next: index };
    } else if (isBoundary || (hasContent(line) && !line.startsWith('%'))) {
      begun = true;
    }
  }
  return { end: end ?? text.length, next: undefined };
}

function hasContent(line: string): boolean {
  return !/^[ \t]*(?:#|$)/.test(line);
}
