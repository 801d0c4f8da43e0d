import { finish, type Steps } from '../async/steps.ts';
import { BUILTINS } from './builtins.ts';
import { execute, executeInPieces, type WrittenPiece } from './evaluator.ts';
import { MAX_TEXT, MAX_WORK } from './limits.ts';
import { parse } from './parser.ts';
import { TemplateError, TemplateSource } from './template-error.ts';
import { ANGLE_DELIMITERS, type Delimiters } from './token.ts';
import type { TemplateValue } from './value.ts';

export { TemplateError, type WrittenPiece };

/** The names of the functions of templates. */
const FUNCTIONS: ReadonlySet<string> = new Set(BUILTINS.keys());

/** A parsed template. It can be executed repeatedly. */
export interface Template {
  readonly text: string;
  /**
   * @param data the initial value of `.` and `$`
   * @returns the output
   * @throws TemplateError
   */
  execute(data: TemplateValue): string;
  /** The output in pieces, one per statement. Throws as `execute`. */
  executeInPieces(data: TemplateValue): readonly WrittenPiece[];
}

/**
 * Parses a template in the language of Go's text/template.
 *
 * The language is that of Go 1.24 (`range` over an integer, `else with`, `break`, `continue`), with
 * these differences: complex constants are rejected, strings are always valid UTF-8, and there are limits of time,
 * size and nesting.
 *
 * @param name the name of the template in error messages
 * @param delimiters default: `<<` and `>>`
 * @param maxWork the limit of the work of one execution, in nodes of the template
 * @throws TemplateError
 * @see https://pkg.go.dev/text/template
 */
export function parseTemplate(
  name: string,
  text: string,
  delimiters: Delimiters = ANGLE_DELIMITERS,
  maxWork: number = MAX_WORK,
): Template {
  return finish(parseTemplateInSteps(name, text, delimiters, maxWork));
}

/** As {@link parseTemplate}, one step for each action and each statement. */
export function* parseTemplateInSteps(
  name: string,
  text: string,
  delimiters: Delimiters = ANGLE_DELIMITERS,
  maxWork: number = MAX_WORK,
): Steps<Template> {
  const source = new TemplateSource(name, text);
  if (text.length > MAX_TEXT) {
    const reason = `the template has ${text.length} characters, expected at most ${MAX_TEXT}: shorten it, e.g. with recording rules in Prometheus`;
    throw source.parseError(0, reason);
  }
  const bodies = yield* parse(source, delimiters, FUNCTIONS);
  return {
    text,
    execute: (data) => execute(source, delimiters, bodies, data, maxWork),
    executeInPieces: (data) => executeInPieces(source, delimiters, bodies, data, maxWork),
  };
}
