import { type Place, separateByObject } from '../promql/separability/separability.ts';
import { formatMatcher, formatMatchers, isLegacyName } from '../promql/syntax/matcher.ts';
import { goQuote } from '../text/quote.ts';
import { QueryError, type QueryRequest, type RuleQuery } from './query.ts';
import { matchersOf } from './request-matchers.ts';

/** One query that answers requests for different objects of a metric. */
export interface SharedQuery {
  /**
   * The query for all objects of all namespaces or of one. Each sample has the labels below, and each object
   * has one sample.
   */
  readonly promql: string;
  readonly objectLabel: string;
  /** Undefined if the objects have no namespace, or the query is for one. */
  readonly namespaceLabel: string | undefined;
  /**
   * Whether this query returns the same samples as the request's own query. The queries are compared, not the
   * rules, since a template may treat some names in a special way.
   *
   * @param request with the same series and selector as this query
   * @param promql the request's own query
   */
  covers(request: QueryRequest, promql: string): boolean;
}

/** A shared query, or the reason why there is none, as a clause. */
export type Sharing =
  | { readonly shared: SharedQuery }
  | { readonly shared: undefined; readonly reason: string };

/** Placeholders for requested names. No template and no selector contains them. */
const PROBES = [
  { object: 'object-4f1c', namespace: 'namespace-9d27' },
  { object: 'other-b806', namespace: 'elsewhere-e35a' },
] as const;

/** Names that need no quoting and have no special characters of regular expressions except dots. */
const PLAIN_NAME = /^[a-zA-Z0-9][-a-zA-Z0-9._:]*$/;
const PLAIN_NAMESPACE = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;

/** In characters. Analyzing a longer query would block the event loop for too long. */
const MAX_QUERY_LENGTH = 16 * 1024;

/**
 * Determines whether one query can serve all requests that differ from this one in names and namespace only.
 *
 * @throws UnsupportedRequirementError if the request cannot be expressed in PromQL
 */
export function shareQuery(query: RuleQuery, request: QueryRequest): Sharing {
  return share(query, request, PROBES, []);
}

/**
 * Determines whether one query for all objects of the namespace can serve all requests that differ from
 * this one in names only.
 *
 * @param partLabels distinguish samples of one object, e.g. those of its containers
 * @throws UnsupportedRequirementError if the request cannot be expressed in PromQL
 */
export function openObjects(
  query: RuleQuery,
  request: QueryRequest,
  partLabels: readonly string[],
): Sharing {
  const namespace = request.namespace?.value ?? '';
  const [one, other] = PROBES;
  return share(
    query,
    request,
    [
      { ...one, namespace },
      { ...other, namespace },
    ],
    partLabels,
  );
}

/** The replacements for the parameters of a request. */
type Probes = readonly [Probe, Probe];

/** @param probes if both have the same namespace, the query is for that namespace */
function share(
  query: RuleQuery,
  request: QueryRequest,
  probes: Probes,
  partLabels: readonly string[],
): Sharing {
  const { objects } = request;
  if (objects === undefined) return notShared('the metric describes no objects');
  const isOpen = probes[0].namespace !== probes[1].namespace;
  const namespace = isOpen ? request.namespace : undefined;
  const labels = { object: objects.label, namespace: namespace?.label };
  const [text, other] = probes.map((probe) => expandFor(query, request, probe));
  if (text === undefined || other === undefined) {
    return notShared('the template gives no query for some names');
  }
  if (text.length > MAX_QUERY_LENGTH) {
    return notShared(`the query has more than ${MAX_QUERY_LENGTH} characters`);
  }
  const separability = separateByObject({
    text,
    object: { label: labels.object, value: probes[0].object },
    ...(labels.namespace !== undefined && {
      namespace: { label: labels.namespace, value: probes[0].namespace },
    }),
    partLabels,
  });
  if (!separability.separable) return notShared(separability.reason);
  const pieces = cut(text, separability.objectMatchers, separability.namespaceMatchers);
  if (fill(pieces, probeRequest(request, probes[1])) !== other) {
    return notShared('the template uses the name or the namespace outside of label matchers');
  }
  return {
    shared: Object.freeze({
      promql: overAll(text, pieces, separability.groupings, labels),
      objectLabel: labels.object,
      namespaceLabel: labels.namespace,
      covers: coverage(query, pieces),
    }),
  };
}

/** Whether a query is covered, for requests with the same list of names. */
interface Verdict {
  readonly pieces: readonly Piece[];
  readonly namespace: string | undefined;
  readonly promql: string;
  readonly isCovered: boolean;
}

/**
 * The last verdict for each list of names, until the list is garbage-collected: autoscalers request the same
 * objects repeatedly. All shared queries of a rule have one verdict, since clients choose the number of
 * selectors, and the query for many objects is long.
 */
const verdicts = new WeakMap<RuleQuery, WeakMap<readonly string[], Verdict>>();

function coverage(query: RuleQuery, pieces: readonly Piece[]): SharedQuery['covers'] {
  const known = verdicts.get(query) ?? new WeakMap<readonly string[], Verdict>();
  verdicts.set(query, known);
  return (requested, promql) => {
    const names = requested.objects?.names ?? [];
    const namespace = requested.namespace?.value;
    const last = known.get(names);
    const isSame =
      last?.pieces === pieces && last.namespace === namespace && last.promql === promql;
    if (isSame) return last.isCovered;
    const isCovered = isPlain(requested) && fill(pieces, requested) === promql;
    // A list of one name is created for each request.
    if (names.length > 1) known.set(names, { pieces, namespace, promql, isCovered });
    return isCovered;
  };
}

function notShared(reason: string): Sharing {
  return { shared: undefined, reason };
}

interface Probe {
  readonly object: string;
  readonly namespace: string;
}

function probeRequest(request: QueryRequest, probe: Probe): QueryRequest {
  const { objects, namespace } = request;
  return {
    ...request,
    ...(namespace && { namespace: { label: namespace.label, value: probe.namespace } }),
    ...(objects && { objects: { label: objects.label, names: [probe.object] } }),
  };
}

function expandFor(query: RuleQuery, request: QueryRequest, probe: Probe): string | undefined {
  try {
    return query.for(probeRequest(request, probe));
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

function isPlain({ objects, namespace }: QueryRequest): boolean {
  return (
    (namespace === undefined || PLAIN_NAMESPACE.test(namespace.value)) &&
    objects !== undefined &&
    objects.names.length > 0 &&
    arePlain(objects.names)
  );
}

const plainness = new WeakMap<readonly string[], boolean>();

/** Cached until the list is garbage-collected. */
function arePlain(names: readonly string[]): boolean {
  const known = plainness.get(names);
  if (known !== undefined) return known;
  const found = names.every((name) => PLAIN_NAME.test(name));
  plainness.set(names, found);
  return found;
}

/** A constant piece of the query, or a matcher for requested names. */
type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly place: Place }
  | {
      readonly kind: 'object' | 'namespace';
      /** The text of the matcher before and after the name. */
      readonly before: string;
      readonly after: string;
      readonly place: Place;
    };

function cut(
  text: string,
  objectMatchers: readonly Place[],
  namespaceMatchers: readonly Place[],
): readonly Piece[] {
  const matchers = [
    ...objectMatchers.map((place) => ({ kind: 'object', place }) as const),
    ...namespaceMatchers.map((place) => ({ kind: 'namespace', place }) as const),
  ].sort((a, b) => a.place.from - b.place.from);
  const pieces: Piece[] = [];
  let end = 0;
  const take = (to: number): void => {
    pieces.push({ kind: 'text', text: text.slice(end, to), place: { from: end, to } });
  };
  for (const { kind, place } of matchers) {
    take(place.from);
    const [before = '', ...after] = text.slice(place.from, place.to).split(PROBES[0][kind]);
    pieces.push({ kind, before, after: after.join(PROBES[0][kind]), place });
    end = place.to;
  }
  take(text.length);
  return pieces;
}

/** The query for a request with plain names. */
function fill(pieces: readonly Piece[], request: QueryRequest): string {
  return pieces
    .map((piece) => (piece.kind === 'text' ? piece.text : fillMatcher(piece, request)))
    .join('');
}

function fillMatcher(
  { kind, before, after }: Exclude<Piece, { kind: 'text' }>,
  request: QueryRequest,
): string {
  if (kind === 'namespace') return `${before}${request.namespace?.value ?? ''}${after}`;
  const { objects } = request;
  const names = objects?.names ?? [];
  // A matcher for several names is a regular expression; that of `.LabelMatchers` is changed to one.
  return objects === undefined || names.length === 1 || before.includes('=~')
    ? `${before}${names.join('|')}${after}`
    : formatMatchers(matchersOf({ series: '', selector: [], objects, groupBy: [] }));
}

interface Labels {
  readonly object: string;
  readonly namespace: string | undefined;
}

/** The query with its matchers opened, and grouped by the namespace as well. */
function overAll(
  text: string,
  pieces: readonly Piece[],
  groupings: readonly number[],
  labels: Labels,
): string {
  return pieces
    .map((piece) =>
      piece.kind === 'text'
        ? withNamespace(text, piece.place, groupings, labels.namespace ?? '')
        : formatMatcher({ name: labels[piece.kind] ?? '', operator: '!=', value: '' }),
    )
    .join('');
}

function withNamespace(
  text: string,
  { from, to }: Place,
  groupings: readonly number[],
  label: string,
): string {
  const cuts = groupings.filter((offset) => offset > from && offset <= to).sort((a, b) => a - b);
  const written = isLegacyName(label) ? label : goQuote(label);
  let end = from;
  let result = '';
  for (const offset of cuts) {
    result += `${text.slice(end, offset)}${written},`;
    end = offset;
  }
  return result + text.slice(end, to);
}
