import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { readSeriesQuery } from '../rules/series-query.ts';
import { discoverByLabels } from './discover-by-labels.ts';
import {
  chooseWay,
  type DiscoveryChoice,
  type DiscoveryMode,
  type DiscoveryWay,
} from './discovery-strategy.ts';
import { type LabelNeeds, labelNeedsOf, type RuleLists } from './required-labels.ts';
import { MOST_LABELS_TOLD } from './rule-outcome.ts';
import {
  type DiscoveredSeries,
  type DiscoveryRequests,
  discoveryRequests,
  type SeriesSource,
} from './series-source.ts';

/** What became of one series query. */
export type DiscoveryOutcome =
  | {
      readonly seriesQuery: string;
      readonly found: DiscoveredSeries;
      readonly way: DiscoveryWay;
      /** Why it was asked in another way than the others. */
      readonly detour?: string;
      /** If no series has a label that matters to a rule: some of the labels that they have. */
      readonly labels?: readonly string[];
    }
  | { readonly seriesQuery: string; readonly error: unknown };

export interface Discovery {
  /** Of each distinct series query, in the order of the file. */
  readonly outcomes: readonly DiscoveryOutcome[];
  /** Undefined where there was nothing to ask for, or nobody to ask. */
  readonly choice: DiscoveryChoice | undefined;
}

export interface DiscoveryOptions {
  readonly mode: DiscoveryMode;
  /** Seconds since the epoch: series that ended before it do not count. */
  readonly start: number;
  /** How many requests are under way at once. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Whether an error says that the server cannot do what was asked, now and later. */
  readonly isUnsupported: (error: unknown) => boolean;
}

/**
 * Asks which series exist, for each distinct series query of the rules. A failure is the outcome of
 * its own query only, unless it cannot be found out how to ask. Never rejects.
 *
 * @param mapper the resources that labels of templates can stand for
 */
export async function discover(
  rules: RuleLists,
  mapper: ResourceMapper,
  source: SeriesSource,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const needs = [...labelNeedsOf(rules, mapper)];
  if (needs.length === 0) return { outcomes: [], choice: undefined };
  const ask = discoveryRequests(source, options);
  try {
    const choice = await chooseWay(options.mode, ask, options.isUnsupported);
    const slices = createTimeSlices();
    const asked: Promise<DiscoveryOutcome>[] = [];
    for (const [seriesQuery, needed] of needs) {
      if (slices.isOver()) await slices.pause();
      const run = (): Promise<Found> =>
        choice.way === 'series'
          ? listing(seriesQuery, ask)
          : byLabelsIfPossible(seriesQuery, needed, mapper, ask, options);
      asked.push(outcomeOf(seriesQuery, run));
    }
    return { outcomes: await Promise.all(asked), choice };
  } catch (error) {
    const outcomes = needs.map(([seriesQuery]) => ({ seriesQuery, error }));
    return { outcomes, choice: undefined };
  }
}

type Found = Pick<
  Extract<DiscoveryOutcome, { found: unknown }>,
  'found' | 'way' | 'detour' | 'labels'
>;

async function outcomeOf(
  seriesQuery: string,
  run: () => Promise<Found>,
): Promise<DiscoveryOutcome> {
  try {
    return { seriesQuery, ...(await run()) };
  } catch (error) {
    return { seriesQuery, error };
  }
}

async function listing(seriesQuery: string, ask: DiscoveryRequests): Promise<Found> {
  return { found: await ask.series(seriesQuery), way: 'series' };
}

/**
 * A query of a dialect cannot be added to, and not every server takes every label's name in a
 * selector: these queries are asked the way that needs neither.
 */
async function byLabelsIfPossible(
  seriesQuery: string,
  needs: LabelNeeds,
  mapper: ResourceMapper,
  ask: DiscoveryRequests,
  { isUnsupported }: DiscoveryOptions,
): Promise<Found> {
  const query = readSeriesQuery(seriesQuery);
  if (query === undefined) {
    return { ...(await listing(seriesQuery, ask)), detour: 'it is no selector of PromQL' };
  }
  try {
    const found = await discoverByLabels(seriesQuery, query, needs, mapper, ask);
    const isUnexplained = await lacksNeededLabels(found, query.certainLabels, needs, mapper);
    return {
      found,
      way: 'labels',
      ...(isUnexplained && { labels: await someLabels(seriesQuery, ask) }),
    };
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    const detour = error instanceof Error ? error.message : String(error);
    return { ...(await listing(seriesQuery, ask)), detour };
  }
}

/** Whether no series has a label that matters to a rule, and other labels are not known either. */
async function lacksNeededLabels(
  found: DiscoveredSeries,
  certain: ReadonlySet<string>,
  needs: LabelNeeds,
  mapper: ResourceMapper,
): Promise<boolean> {
  if (found.size === 0 || (needs.labels.size === 0 && needs.templates.length === 0)) return false;
  const slices = createTimeSlices();
  // Names with the same labels share one set.
  const seen = new Set<ReadonlySet<string>>();
  for (const labels of found.values()) {
    if (slices.isOver()) await slices.pause();
    if (seen.has(labels)) continue;
    seen.add(labels);
    if (labels.size > certain.size) return false;
    if ([...needs.labels].some((label) => labels.has(label))) return false;
    if (needs.templates.some((each) => each.describedBy(labels, mapper).length > 0)) return false;
  }
  return true;
}

/** Used for explanations only, so a failure does not matter. */
async function someLabels(seriesQuery: string, ask: DiscoveryRequests): Promise<readonly string[]> {
  const labels = await ask.labels(seriesQuery).catch((): readonly string[] => []);
  return labels.filter((label) => label !== '__name__').slice(0, MOST_LABELS_TOLD + 1);
}
