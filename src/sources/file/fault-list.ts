import type { Severity } from '../../rules/fault.ts';
import { type Fault, sortFaults } from './fault.ts';
import { formatPath, type Path } from './located-value.ts';
import { indexLines } from './position.ts';

/** Collects faults, tying each to a line and column of one file. */
export interface FaultList {
  /** A fault of the field at `path`, told of at an offset of the file's text. */
  add(offset: number, path: Path, severity: Severity, message: string): void;
  /** All of them, in the order of the file. */
  sorted(): readonly Fault[];
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
        message,
      });
    },
    sorted: () => sortFaults(all),
  };
}
