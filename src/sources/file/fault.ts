import type { Severity } from '../../rules/fault.ts';

/** Something wrong with a configuration file, tied to its place there. */
export interface Fault {
  readonly severity: Severity;
  /** The file as it was named by whoever asked for it. */
  readonly file: string;
  /** From 1; 0 where the fault is about the file as a whole. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 where the fault is about the file as a whole. */
  readonly column: number;
  /** e.g. `rules[3].name.matches`; empty where the fault is about no field. */
  readonly field: string;
  /** What is wrong and what was expected; no trailing full stop. */
  readonly message: string;
}

/**
 * `file:line:column: severity: field: message`, the form that editors and CI systems link; one line.
 * Non-printable characters are replaced, so that a file cannot control a terminal.
 */
export function formatFault(fault: Fault): string {
  const place = fault.line > 0 ? [fault.file, fault.line, fault.column].join(':') : fault.file;
  return [place, fault.severity, fault.field, fault.message]
    .filter((part) => part !== '')
    .join(': ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{C}/gu, '\uFFFD');
}

/** The faults in the order of the file, each said once. */
export function sortFaults(faults: readonly Fault[]): readonly Fault[] {
  const distinct = new Map(faults.map((fault) => [formatFault(fault), fault]));
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
