import { goQuote } from '../promql/quote.ts';
import { tokenize } from '../promql/tokens.ts';

// Names that a query is made of come from outside: those of objects from whoever asks, those of
// series from whoever lets Prometheus scrape something. `.LabelMatchers` quotes; what else a
// template writes stands in the query as it is, so here it is made sure that it cannot become a
// part of the query itself.

/** What stands in the query as it is, whether or not there are quotes and a `=~` around it. */
const PLAIN_VALUE = /^[\w.:-]*$/;

/** Whether a value can do no harm wherever a query has it, between quotes. */
export function isPlainValue(value: string): boolean {
  return PLAIN_VALUE.test(value);
}

/**
 * With dots: MetricsQL takes such a name for one word, to PromQL it is an error wherever it stands
 * without quotes.
 */
const PLAIN_SERIES = /^[a-zA-Z_:][a-zA-Z0-9_:.]*$/;

/** Whether a series' name can do no harm in a query without quotes. */
export function isPlainSeries(series: string): boolean {
  return series === '' || PLAIN_SERIES.test(series);
}

/** Stands for a series whose name is not plain. */
export const MODEL_SERIES = 'prom_metrics_adapter_model_of_a_series';

/** What means something in a regular expression, but for the dot. */
export const REGEXP_SYNTAX = /[\\^$*+?()[\]{}|]/;

/**
 * The query that a rule makes of {@link MODEL_SERIES}, with another series in its place.
 *
 * @returns undefined where the name does not stand in double quotes everywhere, or is taken for a
 *   regular expression that it is not meant to be
 */
export function withSeries(model: string, series: string): string | undefined {
  const { tokens } = tokenize(model);
  const holders = tokens.filter(
    ({ kind, text }) => kind === 'string' && text.startsWith('"') && text.includes(MODEL_SERIES),
  );
  const quoted = holders.reduce((count, { text }) => count + occurrences(text), 0);
  if (quoted !== occurrences(model)) return undefined;
  const isPattern = holders.some((holder) => {
    const operator = tokens[tokens.indexOf(holder) - 1]?.text;
    return operator === '=~' || operator === '!~';
  });
  if (isPattern && REGEXP_SYNTAX.test(series)) return undefined;
  return model.replaceAll(MODEL_SERIES, () => goQuote(series).slice(1, -1));
}

function occurrences(text: string): number {
  return text.split(MODEL_SERIES).length - 1;
}
