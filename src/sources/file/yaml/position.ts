/** A place in a text, both numbers from 1; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where the lines of a text begin, to turn offsets into lines and columns. */
export interface LineIndex {
  /** The position of an offset (from 0, in UTF-16 units); offsets past the end give the end. */
  positionOf(offset: number): Position;
}

const LINE_BREAK = /\r\n?|\n/g;

/** Lines end with LF, CRLF or CR, as in YAML 1.2. */
export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (const { 0: lineBreak, index } of text.matchAll(LINE_BREAK)) {
    starts.push(index + lineBreak.length);
  }
  return {
    positionOf(offset) {
      const within = Math.max(0, Math.min(offset, text.length));
      const line = lastAtOrBefore(starts, within);
      return { line: line + 1, column: within - (starts[line] ?? 0) + 1 };
    },
  };
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
