import type { Severity } from '../../rules/fault.ts';

/** A fault of a rules file, with its place. */
export interface Fault {
  readonly severity: Severity;
  /** The file, as it was named on the command line. */
  readonly file: string;
  /** From 1; 0 for a fault of the whole file. */
  readonly line: number;
  /** From 1, in UTF-16 units; 0 for a fault of the whole file. */
  readonly column: number;
  /** e.g. `rules[3].name.matches`; empty for a fault that is not about a field. */
  readonly field: string;
  /** What is wrong and what is expected; no full stop. */
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

/** The faults in the order of the file, without duplicates. */
export function sortFaults(faults: readonly Fault[]): readonly Fault[] {
  const distinct = new Map(faults.map((fault) => [formatFault(fault), fault]));
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
