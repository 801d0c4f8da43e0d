import type { Availability } from './availability.ts';

/** Something wrong with a PromQL text. */
export interface PromqlFault {
  /** Where it starts in the text, in UTF-16 units. */
  readonly offset: number;
  /** Where it ends (exclusive); at the end of the text this may be equal to `offset`. */
  readonly end: number;
  /** What is wrong and what was expected; one sentence, no trailing full stop. */
  readonly message: string;
}

/**
 * Reports one finding: where it starts and ends, and what is wrong; with an availability, the
 * construct that only some releases of Prometheus accept.
 */
export type ReportPromqlFault = (
  offset: number,
  end: number,
  message: string,
  availability?: Availability,
) => void;

/** `a`, `a or b`, `a, b or c`; the same with `and`. */
export function listed(items: readonly string[], conjunction: 'and' | 'or'): string {
  const last = items.at(-1) ?? '';
  const rest = items.slice(0, -1);
  return rest.length === 0 ? last : `${rest.join(', ')} ${conjunction} ${last}`;
}
