import type { Severity } from '../../rules/fault.ts';
import type { FileOrigin } from '../../rules/origin.ts';
import { type Fault, sortFaults } from './fault.ts';
import { formatPath, type Path } from './schema/located-value.ts';
import { indexLines } from './yaml/position.ts';

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
