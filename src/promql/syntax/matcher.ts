import { goQuote } from '../../text/quote.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** One label matcher of a series selector. */
export interface LabelMatcher {
  readonly name: string;
  readonly operator: MatchOperator;
  /** Unquoted: the text, or for `=~` and `!~` an RE2 expression (anchored). */
  readonly value: string;
}

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Whether a label name needs no quotes. Prometheus before version 3 supports only such names.
 */
export function isLegacyName(name: string): boolean {
  return LEGACY_NAME.test(name);
}

const LEGACY_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** The same for the name of a metric. */
export function isLegacyMetricName(name: string): boolean {
  return LEGACY_METRIC_NAME.test(name);
}

/**
 * A matcher as PromQL text: `pod="a"`, and `"dotted.key"="a"` if the name needs quotes (supported by
 * Prometheus since version 3).
 *
 * Values are quoted like Go's `%q`, except that U+FFFD becomes `\ufffd`: Go does not escape it, and Prometheus would
 * reject the query.
 */
export function formatMatcher(matcher: LabelMatcher): string {
  const name = isLegacyName(matcher.name) ? matcher.name : quoteLiteral(matcher.name);
  return `${name}${matcher.operator}${quoteLiteral(matcher.value)}`;
}

/** Matchers as text between the braces of a selector, separated by commas. */
export function formatMatchers(matchers: readonly LabelMatcher[]): string {
  return matchers.map(formatMatcher).join(',');
}

/** A PromQL string literal for a text. */
export function quoteLiteral(text: string): string {
  return goQuote(text).replaceAll('\ufffd', '\\ufffd');
}
