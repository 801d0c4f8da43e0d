import { echoedText } from '../text/shorten.ts';
import { SelectorError } from './label-selector.ts';

/** One condition on a field of an object. */
export interface FieldRequirement {
  /** e.g. `metadata.name`. */
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Conditions that must all be met. An empty list selects everything. */
export type FieldSelector = readonly FieldRequirement[];

/**
 * Parses a field selector such as `metadata.name=a,metadata.namespace!=b`. Empty parts are ignored. In a value,
 * commas, equals signs and backslashes are escaped with a backslash.
 *
 * @param fields the supported fields
 * @throws SelectorError if the text is not a field selector, or has other fields
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/fields#ParseSelector
 */
export function parseFieldSelector(text: string, fields: readonly string[]): FieldSelector {
  return splitTerms(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text, fields));
}

/** Whether the fields of an object meet every requirement. A missing field is empty. */
export function fieldSelectorMatches(
  selector: FieldSelector,
  fields: ReadonlyMap<string, string>,
): boolean {
  return selector.every(
    ({ field, operator, value }) => ((fields.get(field) ?? '') === value) === (operator === '='),
  );
}

/** The value that a field must have; undefined if the selector does not restrict it. */
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
