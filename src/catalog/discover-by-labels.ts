import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { SeriesQuery } from '../rules/series-query.ts';
import type { LabelNeeds } from './required-labels.ts';
import type { DiscoveredSeries, DiscoveryRequests } from './series-source.ts';

/**
 * Finds the series of a query without listing them: asks for their names, and for each label that
 * matters for the names of those that have it. That is as much as the rules need, however many
 * series have each name. Of the ways to find it out that with the fewest requests is taken.
 *
 * @param text the series query as it stands in the rules
 * @returns for each name at least those of its labels that are needed, and no label that it lacks
 */
export async function discoverByLabels(
  text: string,
  query: SeriesQuery,
  needs: LabelNeeds,
  mapper: ResourceMapper,
  ask: DiscoveryRequests,
): Promise<DiscoveredSeries> {
  const uncertain = [...needs.labels].filter((label) => !query.certainLabels.has(label));
  const needsLabels = uncertain.length > 0 || needs.templates.length > 0;
  if (query.onlyName !== undefined && needsLabels) {
    const labels = await ask.labels(text);
    return labels.length > 0 ? allOfOneName(query.onlyName, labels) : ask.series(text);
  }
  const names = await ask.names(text);
  const [name] = names;
  // Whoever finds nothing is asked the other way as well: the answer is as short if it is true.
  if (name === undefined) return ask.series(text);
  let relevant: readonly string[] = uncertain;
  if (needs.templates.length > 0 || (names.length === 1 && uncertain.length > 1)) {
    const labels = await ask.labels(text);
    if (names.length === 1) return allOfOneName(name, labels);
    const others = labels.filter((label) => !query.certainLabels.has(label));
    relevant = await relevantLabels(others, needs, mapper);
  }
  if (relevant.length > MOST_LABELS) return ask.series(text);
  const namesByLabel = await Promise.all(
    relevant.map(async (label) => [label, await ask.names(query.withLabel(label))] as const),
  );
  return withLabels(names, query.certainLabels, namesByLabel);
}

/**
 * Of more labels, which take a request each, the series are listed. There are never so many but
 * where somebody makes them up: `Pod`, `pOd` and so on all stand for pods.
 */
const MOST_LABELS = 100;

/** What all series have together is what those of the name have, where there is one name only. */
function allOfOneName(name: string, labels: readonly string[]): DiscoveredSeries {
  return new Map([[name, new Set(labels.filter((label) => label !== '__name__'))]]);
}

/** Those of the labels that exist which can be of meaning to a rule. There may be thousands. */
async function relevantLabels(
  labels: readonly string[],
  needs: LabelNeeds,
  mapper: ResourceMapper,
): Promise<readonly string[]> {
  const slices = createTimeSlices();
  const isRead = (label: string): boolean =>
    needs.templates.some((template) => template.describedBy([label], mapper).length > 0);
  const relevant: string[] = [];
  for (const label of labels) {
    if (label === '__name__') continue;
    if (needs.labels.has(label) || isRead(label)) relevant.push(label);
    if (slices.isOver()) await slices.pause();
  }
  return relevant;
}

/** Names that have the same of the labels share one set of them. */
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
      // One that has come up since the names were asked for: the next round has it.
      if (before === undefined) continue;
      const after = extended.get(before) ?? new Set([...before, label]);
      extended.set(before, after);
      found.set(name, after);
      if (slices.isOver()) await slices.pause();
    }
  }
  return found;
}
