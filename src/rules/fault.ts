/**
 * The severity of a fault:
 * - `error`: the file is rejected, at start and on reload.
 * - `broken`: the rule can never return a value. At start the file is accepted, since rejecting it would
 *   remove all other metrics. A reload is rejected, since the last valid rules can stay in use.
 * - `warning`: the rule works, but perhaps not as intended.
 */
export type Severity = 'error' | 'broken' | 'warning';

/** A fault of a rule, without the place of the rule. */
export interface RuleFault {
  readonly severity: Severity;
  /** The path in the rule, e.g. `['resources', 'overrides', 'pod']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what is expected; one sentence without a full stop. */
  readonly message: string;
  /** The offset in the value at `path`, in UTF-16 units, if it is known. */
  readonly offset?: number;
}

export type ReportFault = (fault: RuleFault) => void;
