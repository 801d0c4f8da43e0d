/** The longest template text, in UTF-16 units. */
export const MAX_TEXT = 256 * 1024;

/** The longest action, without comments, in UTF-16 units. */
export const MAX_ACTION = 16 * 1024;

/** How deep parentheses, `if`, `range`, `with`, `define` and `block` may be nested in the text. */
export const MAX_NESTING = 200;

/** How deep bodies and templates calling templates may be nested during an execution. */
export const MAX_DEPTH = 400;

/** The longest output, and the longest string on the way to it, in UTF-16 units: 1 MiB. */
export const MAX_OUTPUT = 1024 * 1024;

/**
 * The work of one execution, which is done at once for each request. A node counts as one unit, 64 characters that a function reads or writes
 * as another.
 */
export const MAX_WORK = 50_000;

const CHARACTERS_PER_UNIT = 64;

/** An execution went over a limit. The evaluator turns it into a `TemplateError` that says where. */
export class LimitFault extends Error {
  override readonly name = 'LimitFault';
}

/** What is left of the work that one execution may do. */
export class WorkBudget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** @throws LimitFault when the work is used up */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) {
      throw new LimitFault(`the template takes more than ${this.#limit} steps`);
    }
  }

  /** @throws LimitFault when the work is used up */
  spendOnText(length: number): void {
    this.spend(Math.ceil(length / CHARACTERS_PER_UNIT));
  }
}

/** A text that grows piece by piece, up to the limit for output. */
export class BoundedText {
  #pieces: string[] = [];
  #length = 0;

  /** @throws LimitFault when the text gets too long */
  append(piece: string): void {
    this.#length += piece.length;
    if (this.#length > MAX_OUTPUT) {
      throw new LimitFault(`the output is longer than ${MAX_OUTPUT} characters`);
    }
    this.#pieces.push(piece);
  }

  toString(): string {
    return this.#pieces.join('');
  }
}
