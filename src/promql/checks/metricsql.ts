import { FUNCTIONS } from '../syntax/functions.ts';
import { tokenize } from '../syntax/tokens.ts';

/** Keywords between operands that PromQL does not have. */
const KEYWORDS: ReadonlySet<string> = new Set(['default', 'if', 'ifnot', 'keep_metric_names']);

/** Common functions and aggregations that PromQL does not have. */
const NAMES =
  /^(?:with|rollup|median|quantiles|zscore|outliersk|any|mad|share|sum2|geomean|union|alias|lag|lifetime|interpolate|default_rollup|aggr_over_time|ascent_over_time|descent_over_time|distinct_over_time|mode_over_time|keep_(?:last|next)_value|(?:delta|increase|rate)_(?:prometheus|pure)|(?:rollup|range|running|label|topk|bottomk|share|tmin|tmax|zscore|outliers|quantiles|median)_\w+)$/i;

/**
 * Whether a query that is not PromQL looks like MetricsQL, the query language of VictoriaMetrics. A
 * heuristic for messages.
 *
 * @see https://docs.victoriametrics.com/victoriametrics/metricsql/
 */
export function looksLikeMetricsql(query: string): boolean {
  const { tokens } = tokenize(query);
  let braces = 0;
  return tokens.some(({ kind, text }, index) => {
    if (text === '{') braces += 1;
    if (text === '}') braces -= 1;
    if (kind !== 'word') return false;
    if (braces > 0) return text === 'or' && tokens[index - 1]?.kind === 'string';
    if (KEYWORDS.has(text.toLowerCase())) return index > 0;
    return tokens[index + 1]?.text === '(' && !FUNCTIONS.has(text) && NAMES.test(text);
  });
}
