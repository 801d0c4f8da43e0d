import { createTimeSlices, SHORT_STEPS } from '../../async/time-slices.ts';
import type { QueryRequest, RuleQuery } from '../../rules/query.ts';
import { openObjects } from '../../rules/shared-query.ts';
import { PrometheusError } from '../errors.ts';
import type { Sample, Samples } from '../query.ts';

/** Above this number of objects their names are omitted: the query would be too long for some servers. */
export const MOST_NAMES = 100;

/** A query without the names of its objects, or the reason why there is none. */
export type ShortQuery =
  | { readonly promql: string; readonly reason?: undefined }
  | {
      readonly promql: undefined;
      /** A clause; undefined if there are few names. */
      readonly reason: string | undefined;
    };

const FEW: ShortQuery = { promql: undefined, reason: undefined };

interface Cached {
  readonly query: RuleQuery;
  readonly own: string;
  readonly short: ShortQuery;
}

/** The last one for each list of names, until the list is garbage-collected. */
const known = new WeakMap<readonly string[], Cached>();

/**
 * A query for all objects of the namespace, if the request is for many objects and it is proved that
 * their samples are the same. The caller has to drop samples of other objects.
 *
 * @param own the single query of the request
 * @param partLabels distinguish samples of one object, e.g. those of its containers
 */
export function shortQuery(
  query: RuleQuery,
  request: QueryRequest,
  own: string,
  partLabels: readonly string[] = [],
): ShortQuery {
  const names = request.objects?.names ?? [];
  if (names.length <= MOST_NAMES) return FEW;
  const last = known.get(names);
  if (last?.query === query && last.own === own) return last.short;
  const short = findShort(query, request, own, partLabels);
  known.set(names, { query, own, short });
  return short;
}

function findShort(
  query: RuleQuery,
  request: QueryRequest,
  own: string,
  partLabels: readonly string[],
): ShortQuery {
  const sharing = openObjects(query, request, partLabels);
  if (sharing.shared === undefined) return { promql: undefined, reason: sharing.reason };
  if (sharing.shared.covers(request, own)) return { promql: sharing.shared.promql };
  return { promql: undefined, reason: 'the template itself processes these names' };
}

/** The samples of the requested objects, out of those of a query for all objects. */
export async function requestedSamples(
  samples: Samples,
  { objects }: QueryRequest,
): Promise<readonly Sample[]> {
  const slices = createTimeSlices(SHORT_STEPS);
  const requested = new Set(objects?.names);
  const found: Sample[] = [];
  for (const sample of samples) {
    if (slices.isOver()) await slices.pause();
    const name = sample.labels[objects?.label ?? ''];
    if (name !== undefined && requested.has(name)) found.push(sample);
  }
  return found;
}

/**
 * The failure of a query that could not be shortened. Its kind is that of the failure.
 *
 * @param own the single query of the request
 * @param names the number of objects in it
 * @param reason why it could not be shortened: a clause
 */
export function longQueryError(
  own: string,
  names: number,
  reason: string,
  cause: PrometheusError,
): PrometheusError {
  const { kind, status, errorType } = cause;
  return new PrometheusError(
    kind,
    `${cause.message}; the query has ${own.length} characters because it names ${names} objects. It cannot select all objects of the namespace instead: ${reason}. If the length is the cause, group the result of the rule by the label of the object, or raise the limit of the server`,
    { status, errorType },
  );
}
