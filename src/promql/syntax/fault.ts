import type { Availability, PromqlLimit } from './availability.ts';

/** A fault of a PromQL text. */
export interface PromqlFault {
  /** The start in the text, in UTF-16 units. */
  readonly offset: number;
  /** The end (exclusive); at the end of the text it may be equal to `offset`. */
  readonly end: number;
  /** What is wrong and what is expected; one sentence without a full stop. */
  readonly message: string;
}

/**
 * Reports a finding: its start and end, and a message. With an availability, the message is the construct that only
 * some releases of Prometheus accept.
 */
export type ReportPromqlFault = (
  offset: number,
  end: number,
  message: string,
  availability?: Availability,
) => void;

/** Collects the findings of the checks of a query. */
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
