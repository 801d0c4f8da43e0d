import { sortInSlices } from '../async/sort-in-slices.ts';
import type { TimeSlices } from '../async/time-slices.ts';
import type { DiscoveredSeries } from './series-source.ts';

/** The series that a series query found last, sorted by name. It is kept if the query fails later. */
export interface SeriesSnapshot {
  readonly names: readonly string[];
  /** The labels of the name at the same index. Equal sets are one object. */
  readonly labels: readonly ReadonlySet<string>[];
  /** Some other labels of the series, if they were requested. */
  readonly otherLabels: readonly string[];
}

/** Interned sets of labels. There are few, since series of one exporter have the same labels. */
export interface LabelSets {
  /** The interned set with these labels. */
  shared(labels: ReadonlySet<string>): ReadonlySet<string>;
}

/** @param inUse the snapshots whose sets are interned first */
export async function labelSetsOf(
  inUse: Iterable<SeriesSnapshot>,
  slices: TimeSlices,
): Promise<LabelSets> {
  const byContent = new Map<string, ReadonlySet<string>>();
  const byIdentity = new Map<ReadonlySet<string>, ReadonlySet<string>>();
  const shared = (labels: ReadonlySet<string>): ReadonlySet<string> => {
    const known = byIdentity.get(labels);
    if (known !== undefined) return known;
    const content = contentOf(labels);
    const first = byContent.get(content) ?? labels;
    byContent.set(content, first);
    byIdentity.set(labels, first);
    return first;
  };
  for (const { labels } of inUse) {
    for (const set of labels) {
      shared(set);
      if (slices.isOver()) await slices.pause();
    }
  }
  return { shared };
}

/** Equal for sets with the same labels only. */
function contentOf(labels: ReadonlySet<string>): string {
  return [...labels]
    .sort()
    .map((label) => `${label.length}:${label}`)
    .join('');
}

/**
 * Sorts discovered series.
 *
 * @param otherLabels see {@link SeriesSnapshot}
 * @param before the last snapshot of the query
 * @returns `before` if nothing has changed
 */
export async function takeSnapshot(
  found: DiscoveredSeries,
  otherLabels: readonly string[],
  before: SeriesSnapshot | undefined,
  labelSets: LabelSets,
  slices: TimeSlices,
): Promise<SeriesSnapshot> {
  const names = await sortInSlices(found.keys(), (one, other) => one < other, slices);
  const labels: ReadonlySet<string>[] = [];
  let hasChanged =
    before?.names.length !== names.length ||
    before.otherLabels.join('\n') !== otherLabels.join('\n');
  for (const [i, name] of names.entries()) {
    const set = labelSets.shared(found.get(name) ?? new Set());
    labels.push(set);
    hasChanged ||= before?.names[i] !== name || before.labels[i] !== set;
    if (slices.isOver()) await slices.pause();
  }
  return before === undefined || hasChanged ? { names, labels, otherLabels } : before;
}
