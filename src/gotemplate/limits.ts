/** The maximum length of a template, in UTF-16 units. */
export const MAX_TEXT = 256 * 1024;

/** The maximum length of an action without comments, in UTF-16 units. */
export const MAX_ACTION = 16 * 1024;

/** The maximum nesting of parentheses, `if`, `range`, `with`, `define` and `block` in the text. */
export const MAX_NESTING = 200;

/** The maximum nesting of bodies and of calls of templates during an execution. */
export const MAX_DEPTH = 400;

/** The maximum length of the output and of intermediate strings, in UTF-16 units: 1 MiB. */
export const MAX_OUTPUT = 1024 * 1024;

/**
 * The maximum work of one execution, which runs in one step for each request. A node is one unit, as are 64
 * characters that a function reads or writes.
 */
export const MAX_WORK = 50_000;

const CHARACTERS_PER_UNIT = 64;

/** An execution exceeds a limit. The evaluator converts it to a `TemplateError` with a place. */
export class LimitFault extends Error {
  override readonly name = 'LimitFault';
}

/** The remaining work of an execution. */
export class WorkBudget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** @throws LimitFault if no work is left */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) {
      throw new LimitFault(`the template takes more than ${this.#limit} steps`);
    }
  }

  /** @throws LimitFault if no work is left */
  spendOnText(length: number): void {
    this.spend(Math.ceil(length / CHARACTERS_PER_UNIT));
  }
}

/** A text that grows up to the limit of the output. */
export class BoundedText {
  #pieces: string[] = [];
  #length = 0;

  /** @throws LimitFault if the text is too long */
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
