import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { SeriesQuery } from '../rules/series-query.ts';
import type { RequiredLabels } from './required-labels.ts';
import type { DiscoveredSeries, DiscoveryRequests } from './series-source.ts';

/**
 * Finds the series of a query without listing them: requests their names, and for each required label the
 * names of the series that have it. The number of series per name does not matter. It uses the smallest
 * possible number of requests.
 *
 * @param text the series query as written in the rules
 * @returns for each name at least its required labels, and no label that it does not have
 */
export async function discoverByLabels(
  text: string,
  query: SeriesQuery,
  required: Pick<RequiredLabels, 'labels' | 'templates'>,
  mapper: ResourceMapper,
  ask: DiscoveryRequests,
): Promise<DiscoveredSeries> {
  const uncertain = [...required.labels].filter((label) => !query.certainLabels.has(label));
  const requiresLabels = uncertain.length > 0 || required.templates.length > 0;
  if (query.onlyName !== undefined && requiresLabels) {
    const labels = await ask.labels(text);
    return labels.length > 0 ? allOfOneName(query.onlyName, labels) : ask.series(text);
  }
  const names = await ask.names(text);
  const [name] = names;
  // An empty result is confirmed by listing the series: the response is as short if it is true.
  if (name === undefined) return ask.series(text);
  let relevant: readonly string[] = uncertain;
  if (required.templates.length > 0 || (names.length === 1 && uncertain.length > 1)) {
    const labels = await ask.labels(text);
    if (names.length === 1) return allOfOneName(name, labels);
    const others = labels.filter((label) => !query.certainLabels.has(label));
    relevant = await relevantLabels(others, required, mapper);
  }
  if (relevant.length > MOST_LABELS) return ask.series(text);
  const namesByLabel = await Promise.all(
    relevant.map(async (label) => [label, await ask.names(query.withLabel(label))] as const),
  );
  return withLabels(names, query.certainLabels, namesByLabel);
}

/**
 * The maximum number of labels, each of which takes a request. For more, the series are listed. Targets can
 * invent labels: `Pod`, `pOd` and so on all map to pods.
 */
const MOST_LABELS = 100;

/** If there is only one name, the labels of all series are those of this name. */
function allOfOneName(name: string, labels: readonly string[]): DiscoveredSeries {
  return new Map([[name, new Set(labels.filter((label) => label !== '__name__'))]]);
}

/** The existing labels that matter to a rule. There can be thousands of others. */
async function relevantLabels(
  labels: readonly string[],
  required: Pick<RequiredLabels, 'labels' | 'templates'>,
  mapper: ResourceMapper,
): Promise<readonly string[]> {
  const slices = createTimeSlices();
  const isRead = (label: string): boolean =>
    required.templates.some((template) => template.describedBy([label], mapper).length > 0);
  const relevant: string[] = [];
  for (const label of labels) {
    if (label === '__name__') continue;
    if (required.labels.has(label) || isRead(label)) relevant.push(label);
    if (slices.isOver()) await slices.pause();
  }
  return relevant;
}

/** Names with the same labels share one set. */
async function withLabels(
  names: readonly string[],
  certain: ReadonlySet<string>,
  namesByLabel: readonly (readonly [label: string, names: readonly string[]])[],
): Promise<DiscoveredSeries> {
  const slices = createTimeSlices();
  const none: ReadonlySet<string> = new Set([...certain].filter((label) => label !== '__name__'));
  const found = new Map<string, ReadonlySet<string>>();
  for (const name of names) {
    found.set(name, none);
    if (slices.isOver()) await slices.pause();
  }
  for (const [label, having] of namesByLabel) {
    const extended = new Map<ReadonlySet<string>, ReadonlySet<string>>();
    for (const name of having) {
      const before = found.get(name);
      // A series that is newer than the list of names: the next relist finds it.
      if (before === undefined) continue;
      const after = extended.get(before) ?? new Set([...before, label]);
      extended.set(before, after);
      found.set(name, after);
      if (slices.isOver()) await slices.pause();
    }
  }
  return found;
}
