/**
 * How much a fault matters:
 * - `error`: the file is not taken, neither at start nor on reload.
 * - `broken`: this rule can never answer as it is written. At start the file is taken all the same,
 *   for nothing is won by taking every other metric away; a reload is refused, for there the last
 *   good rules can stay.
 * - `warning`: the rule works, perhaps not as its author meant it.
 */
export type Severity = 'error' | 'broken' | 'warning';

/** Something wrong with a rule, before it is tied to a line of a file. */
export interface RuleFault {
  readonly severity: Severity;
  /** Where in the rule, e.g. `['resources', 'overrides', 'pod']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what was expected; one sentence, no trailing full stop. */
  readonly message: string;
  /** Where in the value at `path`, in UTF-16 units from its start, where that is known. */
  readonly offset?: number;
}

export type ReportFault = (fault: RuleFault) => void;
