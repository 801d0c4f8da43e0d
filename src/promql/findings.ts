import type { PromqlLimit } from './availability.ts';
import type { PromqlFault, ReportPromqlFault } from './fault.ts';

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
