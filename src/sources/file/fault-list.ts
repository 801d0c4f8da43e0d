import type { Severity } from '../../rules/fault.ts';
import type { FileOrigin } from '../../rules/origin.ts';
import { type Fault, sortFaults } from './fault.ts';
import { formatPath, type Path } from './schema/located-value.ts';

/** Collects the faults of one file, with lines and columns. */
export interface FaultList {
  /** Adds a fault of the field at `path`, at an offset in the text of the file. */
  add(offset: number, path: Path, severity: Severity, message: string): void;
  /** The origin of the field at `path`, at an offset in the text of the file. */
  locate(offset: number, path: Path): Omit<FileOrigin, 'source'>;
  /** All faults, in the order of the file. */
  sorted(): readonly Fault[];
}

/** The maximum lengths of the start and the end of a shortened message, in UTF-16 units. */
const LONGEST_START = 1000;
const LONGEST_END = 500;

/** A message may quote a long text. Its end has the advice. */
function shortened(message: string): string {
  if (message.length <= LONGEST_START + LONGEST_END) return message;
  return `${message.slice(0, LONGEST_START)}…${message.slice(-LONGEST_END)}`;
}

/** @param nameOf the name of a field in messages; default: as in a rules file */
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

/** A place in a text. Both numbers start at 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Converts offsets of a text to lines and columns. */
export interface LineIndex {
  /** The position of an offset (from 0, in UTF-16 units); the end for an offset after it. */
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
