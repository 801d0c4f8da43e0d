import { goQuote } from '../text/quote.ts';

/**
 * A template that cannot be parsed or executed.
 *
 * `message` has the form and, if practical, the wording of Go's text/template, with the
 * delimiters in use: `template: NAME:LINE: REASON` for parsing and
 * `template: NAME:LINE:COLUMN: executing "NAME" at <NODE>: REASON` for executing, where COLUMN is
 * the number of bytes before the place in its line, as in Go.
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** The message without the template's name and the place. */
  readonly reason: string;
  /** The place in the template's text, in UTF-16 units from its start. */
  readonly offset: number;
  /** The line of `offset`, counted from 1. */
  readonly line: number;
  /** The place in that line, in UTF-16 units, counted from 1. */
  readonly column: number;
  /**
   * For the author of the template: what is wrong and, if known, what is expected. Without the place.
   */
  readonly explanation: string;

  constructor(
    message: string,
    reason: string,
    offset: number,
    position: Position,
    explanation: string,
  ) {
    super(message);
    this.explanation = explanation;
    this.reason = reason;
    this.offset = offset;
    this.line = position.line;
    this.column = position.column;
  }
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** The text of a template, and its errors. */
export class TemplateSource {
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  parseError(offset: number, reason: string, advice?: string): TemplateError {
    const position = this.#positionOf(offset);
    const detail = abbreviate(reason);
    const message = `template: ${this.name}:${position.line}: ${detail}`;
    const explanation = advice ?? `the template cannot be parsed: ${detail}`;
    return new TemplateError(message, detail, offset, position, explanation);
  }

  /** @param templateName the executed template: this one, or one that it defines */
  executionError(
    offset: number,
    templateName: string,
    node: string,
    reason: string,
    advice?: string,
  ): TemplateError {
    const position = this.#positionOf(offset);
    const lineStart = offset - position.column + 1;
    const bytes = Buffer.byteLength(this.text.slice(lineStart, offset));
    const place = `${this.name}:${position.line}:${bytes}`;
    const detail = `<${abbreviate(node)}>: ${abbreviate(reason)}`;
    const message = `template: ${place}: executing ${goQuote(templateName)} at ${detail}`;
    const explanation = advice ?? `the template fails at ${detail}`;
    return new TemplateError(message, detail, offset, position, explanation);
  }

  #positionOf(offset: number): Position {
    const before = this.text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return { line: before.split('\n').length, column: offset - lineStart + 1 };
  }
}

/** The maximum length of a quoted part of a template, in UTF-16 units. */
const LONGEST_PART = 300;

function abbreviate(text: string): string {
  return text.length <= LONGEST_PART ? text : `${text.slice(0, LONGEST_PART)}...`;
}

/** A function cannot be called with its arguments. The evaluator adds its name and place. */
export class CallFault extends Error {
  override readonly name = 'CallFault';
}
