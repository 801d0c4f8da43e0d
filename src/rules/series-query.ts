import { matchesEmptyText } from '../promql/checks/check-selector.ts';
import {
  checkSeriesSelector,
  matcherAdder,
  parseSeriesSelector,
  type SeriesSelector,
} from '../promql/series-selector.ts';
import { rememberTexts } from '../text/text-memo.ts';

/** What a rule's `seriesQuery` says by itself, before Prometheus is asked. */
export interface SeriesQuery {
  /** The only name that the series can have; undefined where several could be found. */
  readonly onlyName: string | undefined;
  /** Labels that every series found has, for a matcher demands it: `namespace!=""`. */
  readonly certainLabels: ReadonlySet<string>;
  /** The query for those of the series that have a label. */
  withLabel(label: string): string;
}

/**
 * Reads a series query.
 *
 * @returns undefined for what is no series selector of PromQL; a server may know it all the same
 */
export function readSeriesQuery(text: string): SeriesQuery | undefined {
  return read(text).query;
}

/** Cached, since the queries of a configuration are parsed at each relist. */
const read = rememberTexts(
  (text: string): { readonly query: SeriesQuery | undefined } => ({ query: seriesQueryOf(text) }),
  { most: 2000, longest: 1000 },
);

function seriesQueryOf(text: string): SeriesQuery | undefined {
  if (checkSeriesSelector(text).length > 0) return undefined;
  const selector = parseSeriesSelector(text);
  const withMatcher = matcherAdder(text);
  return {
    onlyName: onlyNameOf(selector),
    certainLabels: certainLabelsOf(selector),
    withLabel: (label) => withMatcher({ name: label, operator: '!=', value: '' }),
  };
}

/** Of two different names either will do: nothing has both. */
function onlyNameOf({ name, matchers }: SeriesSelector): string | undefined {
  const written = matchers.find(({ name, operator }) => name === '__name__' && operator === '=');
  return name || written?.value || undefined;
}

function certainLabelsOf({ matchers }: SeriesSelector): ReadonlySet<string> {
  return new Set(
    matchers.flatMap((matcher) => (matchesEmptyText(matcher) === false ? [matcher.name] : [])),
  );
}
