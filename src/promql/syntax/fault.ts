import type { Availability, PromqlLimit } from './availability.ts';

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

/** Collects what checks report about a query. */
export class PromqlFindings {
  readonly #faults: PromqlFault[] = [];
  readonly #limits: PromqlLimit[] = [];

  readonly report: ReportPromqlFault = (offset, end, message, availability) => {
    if (availability === undefined) this.#faults.push({ offset, end, message });
    else this.#limits.push({ offset, end, construct: message, availability });
  };

  /** Faults or, if there are none, limits, in the order of the text. */
  inOrder(): { readonly faults: readonly PromqlFault[]; readonly limits: readonly PromqlLimit[] } {
    const faults = this.#faults.sort((a, b) => a.offset - b.offset);
    const limits = this.#limits.sort((a, b) => a.offset - b.offset);
    return { faults, limits: faults.length > 0 ? [] : limits };
  }
}
