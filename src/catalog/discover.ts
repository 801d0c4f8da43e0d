import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { isUnsupported } from '../prometheus/guard/failure-classification.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import { readSeriesQuery } from '../rules/series-query.ts';
import { discoverByLabels } from './discover-by-labels.ts';
import {
  chooseStrategy,
  type DiscoveryMode,
  type DiscoveryStrategy,
  type StrategyChoice,
} from './discovery-strategy.ts';
import { type RequiredLabels, type RuleLists, requiredLabels } from './required-labels.ts';
import { MOST_LABELS_SHOWN } from './rule-outcome.ts';
import {
  type DiscoveredSeries,
  type DiscoveryRequests,
  discoveryRequests,
  type SeriesSource,
} from './series-source.ts';

/** The result of one series query. */
export type DiscoveryOutcome = Pick<RequiredLabels, 'seriesQuery' | 'prometheus'> &
  (Found | { readonly error: unknown });

export interface Found {
  readonly found: DiscoveredSeries;
  readonly strategy: DiscoveryStrategy;
  /** Why the query did not use the strategy of its server. */
  readonly fallback?: string;
  /** If no series has a label that matters to a rule: some of the labels that they have. */
  readonly labels?: readonly string[];
}

/** The strategy of a server in one relist. */
export interface ServerStrategy extends StrategyChoice {
  /** The name of the server. Undefined: the default server. */
  readonly prometheus: string | undefined;
}

export interface Discovery {
  /** Of each distinct series query, in the order of the rules. */
  readonly outcomes: readonly DiscoveryOutcome[];
  /** Of each server that has series queries and responded. */
  readonly strategies: readonly ServerStrategy[];
}

export interface DiscoveryOptions {
  readonly mode: DiscoveryMode;
  /** Seconds since the epoch: series without samples since then are ignored. */
  readonly start: number;
  /** The maximum number of concurrent requests to each server. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

/**
 * Finds the existing series for each distinct series query of the rules. A failure concerns its own query
 * only, or all queries of a server if its strategy cannot be chosen. Never rejects.
 *
 * @param mapper the resources that labels of templates can map to
 */
export async function discover(
  rules: RuleLists,
  mapper: ResourceMapper,
  servers: PrometheusServers<SeriesSource>,
  options: DiscoveryOptions,
): Promise<Discovery> {
  const queries = [...requiredLabels(rules, mapper).values()];
  const byServer = Map.groupBy(queries, ({ prometheus }) => prometheus);
  const discoveries = await Promise.all(
    [...byServer].map(([prometheus, own]) =>
      discoverOnServer(prometheus, own, mapper, servers, options),
    ),
  );
  const outcomes = new Map(discoveries.flatMap(({ outcomes }) => [...outcomes]));
  return {
    outcomes: queries.flatMap((query) => outcomes.get(query) ?? []),
    strategies: discoveries.flatMap(({ strategy }) => strategy ?? []),
  };
}

interface ServerDiscovery {
  readonly outcomes: ReadonlyMap<RequiredLabels, DiscoveryOutcome>;
  readonly strategy: ServerStrategy | undefined;
}

async function discoverOnServer(
  prometheus: string | undefined,
  queries: readonly RequiredLabels[],
  mapper: ResourceMapper,
  servers: PrometheusServers<SeriesSource>,
  options: DiscoveryOptions,
): Promise<ServerDiscovery> {
  try {
    const ask = discoveryRequests(servers.get(prometheus), options);
    const choice = await chooseStrategy(options.mode, ask);
    const slices = createTimeSlices();
    const running: Promise<readonly [RequiredLabels, DiscoveryOutcome]>[] = [];
    for (const query of queries) {
      if (slices.isOver()) await slices.pause();
      const find = choice.strategy === 'series' ? bySeries : byLabelsIfPossible;
      running.push(outcomeOf(query, () => find(query, ask, mapper)));
    }
    return { outcomes: new Map(await Promise.all(running)), strategy: { prometheus, ...choice } };
  } catch (error) {
    const outcomes = queries.map((query) => [query, { ...queryOf(query), error }] as const);
    return { outcomes: new Map(outcomes), strategy: undefined };
  }
}

async function outcomeOf(
  query: RequiredLabels,
  find: () => Promise<Found>,
): Promise<readonly [RequiredLabels, DiscoveryOutcome]> {
  try {
    return [query, { ...queryOf(query), ...(await find()) }];
  } catch (error) {
    return [query, { ...queryOf(query), error }];
  }
}

function queryOf({ seriesQuery, prometheus }: RequiredLabels) {
  return { seriesQuery, prometheus };
}

async function bySeries({ seriesQuery }: RequiredLabels, ask: DiscoveryRequests): Promise<Found> {
  return { found: await ask.series(seriesQuery), strategy: 'series' };
}

/**
 * Falls back to listing the series if the query is not PromQL, since no matcher can be added to it, or if
 * the server does not accept a label name in a selector.
 */
async function byLabelsIfPossible(
  required: RequiredLabels,
  ask: DiscoveryRequests,
  mapper: ResourceMapper,
): Promise<Found> {
  const { seriesQuery } = required;
  const query = readSeriesQuery(seriesQuery);
  if (query === undefined) {
    return { ...(await bySeries(required, ask)), fallback: 'it is not a PromQL selector' };
  }
  try {
    const found = await discoverByLabels(seriesQuery, query, required, mapper, ask);
    const isUnexplained = await lacksRequiredLabels(found, query.certainLabels, required, mapper);
    return {
      found,
      strategy: 'labels',
      ...(isUnexplained && { labels: await someLabels(seriesQuery, ask) }),
    };
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    const fallback = error instanceof Error ? error.message : String(error);
    return { ...(await bySeries(required, ask)), fallback };
  }
}

/** Whether no series has a label that matters to a rule, and other labels are not known either. */
async function lacksRequiredLabels(
  found: DiscoveredSeries,
  certain: ReadonlySet<string>,
  { labels: required, templates }: RequiredLabels,
  mapper: ResourceMapper,
): Promise<boolean> {
  if (found.size === 0 || (required.size === 0 && templates.length === 0)) return false;
  const slices = createTimeSlices();
  // Names with the same labels share one set.
  const seen = new Set<ReadonlySet<string>>();
  for (const labels of found.values()) {
    if (slices.isOver()) await slices.pause();
    if (seen.has(labels)) continue;
    seen.add(labels);
    if (labels.size > certain.size) return false;
    if ([...required].some((label) => labels.has(label))) return false;
    if (templates.some((each) => each.describedBy(labels, mapper).length > 0)) return false;
  }
  return true;
}

/** Used for explanations only, so a failure does not matter. */
async function someLabels(seriesQuery: string, ask: DiscoveryRequests): Promise<readonly string[]> {
  const labels = await ask.labels(seriesQuery).catch((): readonly string[] => []);
  return labels.filter((label) => label !== '__name__').slice(0, MOST_LABELS_SHOWN + 1);
}
