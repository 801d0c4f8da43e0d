import type { Severity } from '../../rules/fault.ts';
import type { FileOrigin } from '../../rules/origin.ts';
import { type Fault, sortFaults } from './fault.ts';
import { formatPath, type Path } from './schema/located-value.ts';

/** Collects faults, tying each to a line and column of one file. */
export interface FaultList {
  /** A fault of the field at `path`, told of at an offset of the file's text. */
  add(offset: number, path: Path, severity: Severity, message: string): void;
  /** The file, line and name of the field at `path`, at an offset of the file's text. */
  locate(offset: number, path: Path): Omit<FileOrigin, 'source'>;
  /** All faults, in the order of the file. */
  sorted(): readonly Fault[];
}

/** How much of the start and of the end of a message is kept, in UTF-16 units. */
const LONGEST_START = 1000;
const LONGEST_END = 500;

/** A message may quote the text of a field; its end says what to do. */
function shortened(message: string): string {
  if (message.length <= LONGEST_START + LONGEST_END) return message;
  return `${message.slice(0, LONGEST_START)}…${message.slice(-LONGEST_END)}`;
}

/** @param nameOf what a field is called in messages; default: as in a rules file */
export function faultList(
  file: string,
  text: string,
  nameOf: (field: string) => string = (field) => field,
): FaultList {
  const lines = indexLines(text);
  const all: Fault[] = [];

  return {
    add(offset, path, severity, message) {
      all.push({
        severity,
        file,
        ...lines.positionOf(offset),
        field: nameOf(formatPath(path)),
        message: shortened(message),
      });
    },
    locate: (offset, path) => ({
      file,
      line: lines.positionOf(offset).line,
      field: nameOf(formatPath(path)),
    }),
    sorted: () => sortFaults(all),
  };
}

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
