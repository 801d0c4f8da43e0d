/** What an action begins and ends with. Neither may be empty. */
export interface Delimiters {
  readonly left: string;
  readonly right: string;
}

/** The delimiters of a rules file; Go's own, `{{` and `}}`, would clash with PromQL's braces. */
export const ANGLE_DELIMITERS: Delimiters = { left: '<<', right: '>>' };
