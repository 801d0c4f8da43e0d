/** Something wrong with a PromQL text. */
export interface PromqlFault {
  /** Where it starts in the text, in UTF-16 units. */
  readonly offset: number;
  /** Where it ends (exclusive); at the end of the text this may be equal to `offset`. */
  readonly end: number;
  /** What is wrong and what was expected; one sentence, no trailing full stop. */
  readonly message: string;
}

/** Takes one fault: where it starts and ends, and what is wrong. */
export type ReportPromqlFault = (offset: number, end: number, message: string) => void;

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  const rest = items.slice(0, -1);
  return rest.length === 0 ? last : `${rest.join(', ')} or ${last}`;
}
