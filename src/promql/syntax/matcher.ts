import { goQuote } from '../../text/quote.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

/** One label matcher of a series selector. */
export interface LabelMatcher {
  readonly name: string;
  readonly operator: MatchOperator;
  /** Unquoted: the very text, or for `=~` and `!~` an RE2 expression (matched anchored). */
  readonly value: string;
}

const LEGACY_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Whether a label name can be written without quotes, which is what Prometheus before version 3
 * demands of every label name.
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
 * A matcher as PromQL text: `pod="a"`, and `"dotted.key"="a"` where the name needs quotes (a form
 * that Prometheus knows since version 3).
 *
 * Values are quoted like Go's `%q`, except for U+FFFD: Go leaves it as it is, and Prometheus then
 * refuses the query, so here it is `\ufffd`.
 */
export function formatMatcher(matcher: LabelMatcher): string {
  const name = isLegacyName(matcher.name) ? matcher.name : quoteLiteral(matcher.name);
  return `${name}${matcher.operator}${quoteLiteral(matcher.value)}`;
}

/** Matchers as they stand between the braces of a selector: comma-joined, no spaces. */
export function formatMatchers(matchers: readonly LabelMatcher[]): string {
  return matchers.map(formatMatcher).join(',');
}

/** A PromQL string literal for a text. */
export function quoteLiteral(text: string): string {
  return goQuote(text).replaceAll('\ufffd', '\\ufffd');
}
