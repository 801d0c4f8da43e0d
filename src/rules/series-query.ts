import { matchesEmptyText } from '../promql/checks/check-selector.ts';
import {
  checkSeriesSelector,
  matcherAdder,
  parseSeriesSelector,
  type SeriesSelector,
} from '../promql/series-selector.ts';
import { rememberTexts } from '../text/text-memo.ts';

/** The properties of a `seriesQuery` that follow from its text. */
export interface SeriesQuery {
  /** The only name that the series can have; undefined if there may be several. */
  readonly onlyName: string | undefined;
  /** Labels that all its series have because of a matcher such as `namespace!=""`. */
  readonly certainLabels: ReadonlySet<string>;
  /** The query for the series that also have a label. */
  withLabel(label: string): string;
}

/**
 * Parses a series query.
 *
 * @returns undefined if it is not a series selector of PromQL. A server may support it anyway.
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

/** If there are two different names, either can be used: no series has both. */
function onlyNameOf({ name, matchers }: SeriesSelector): string | undefined {
  const written = matchers.find(({ name, operator }) => name === '__name__' && operator === '=');
  return name || written?.value || undefined;
}

function certainLabelsOf({ matchers }: SeriesSelector): ReadonlySet<string> {
  return new Set(
    matchers.flatMap((matcher) => (matchesEmptyText(matcher) === false ? [matcher.name] : [])),
  );
}
