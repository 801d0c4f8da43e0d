import { echoedText } from '../text/shorten.ts';
import { SelectorError } from './label-selector.ts';

/** One condition on a field of an object. */
export interface FieldRequirement {
  /** e.g. `metadata.name`. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** All of these conditions; without any, everything is selected. */
export type FieldSelector = readonly FieldRequirement[];

/**
 * Reads a field selector such as `metadata.name=a,metadata.namespace!=b`. Empty parts are passed
 * over; in a value, a backslash stands before a comma, an equals sign or a backslash.
 *
 * @param fields those that may be selected by
 * @throws SelectorError for what is none, and for other fields
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/fields#ParseSelector
 */
export function parseFieldSelector(text: string, fields: readonly string[]): FieldSelector {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text, fields));
}

/** Whether the fields of an object meet every requirement; a field that is not there is empty. */
export function fieldSelectorMatches(
  selector: FieldSelector,
  fields: ReadonlyMap<string, string>,
): boolean {
  return selector.every(
    ({ field, operator, value }) => ((fields.get(field) ?? '') === value) === (operator === '='),
  );
}

/** The value that a field must have; undefined where the selector leaves it open. */
export function demandedValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((each) => each.field === field && each.operator === '=')?.value;
}

/** Splits at commas without a backslash before them. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(?:\\.|\\$|[^\\,])+/gs) ?? [];
}

function parseTerm(term: string, text: string, fields: readonly string[]): FieldRequirement {
  const [, field, operator, escaped] = /^(.*?)(!=|==?)(.*)$/s.exec(term) ?? [];
  if (field === undefined || escaped === undefined) {
    throw new SelectorError(
      `invalid selector: '${echoedText(text)}'; can't understand '${echoedText(term)}'`,
    );
  }
  const value = unescapeValue(escaped);
  if (!fields.includes(field)) {
    const known = fields.map((name) => JSON.stringify(name)).join(', ');
    throw new SelectorError(
      `${JSON.stringify(echoedText(field))} is not a known field selector: only ${known}`,
    );
  }
  return { field, operator: operator === '!=' ? '!=' : '=', value };
}

function unescapeValue(escaped: string): string {
  if (!/^(?:\\[\\,=]|[^\\,=])*$/s.test(escaped)) {
    throw new SelectorError(
      `invalid field selector: expected a backslash before each comma, equals sign and backslash in '${echoedText(escaped)}'`,
    );
  }
  return escaped.replaceAll(/\\(.)/gs, '$1');
}
