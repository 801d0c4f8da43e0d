import { qualifiedName, type ResourceMapper } from '../../src/apimachinery/cluster-resource.ts';
import { type Discovery, discover } from '../../src/catalog/discover.ts';
import type { DiscoveryMode } from '../../src/catalog/discovery-strategy.ts';
import type { RuleLists } from '../../src/catalog/required-labels.ts';
import type { SeriesSource } from '../../src/catalog/series-source.ts';
import { prometheusServers } from '../../src/prometheus/servers.ts';
import { builtCatalog } from '../fixtures/catalog.ts';

export interface DiscoveryRound {
  readonly source: SeriesSource;
  readonly rules: RuleLists;
  readonly mapper: ResourceMapper;
  readonly mode: DiscoveryMode;
  /** Seconds since the epoch. */
  readonly start: number;
}

export interface RoundResult extends Discovery {
  /** What is served, one line for each metric with all that a query of it is made of. */
  readonly served: readonly string[];
}

/** One round of discovery, and the catalog of it. */
export async function discoveryRound({
  source,
  rules,
  mapper,
  mode,
  start,
}: DiscoveryRound): Promise<RoundResult> {
  const discovery = await discover(rules, mapper, prometheusServers(source), {
    mode,
    start,
    concurrency: 4,
    signal: new AbortController().signal,
  });
  const found = discovery.outcomes.flatMap((outcome) =>
    'found' in outcome ? [[outcome.seriesQuery, outcome.found] as const] : [],
  );
  const { catalog, leftOut } = await builtCatalog(rules, new Map(found), mapper);
  const all = [...rules.custom, ...rules.external];
  const served = [
    ...catalog.customMetrics.map(
      ({ name, resource, rule, series, resourceLabel, namespaceLabel }) =>
        `${qualifiedName(resource)}/${name} = ${series} by ${resourceLabel} in ${namespaceLabel}, rule ${all.indexOf(rule)}`,
    ),
    ...catalog.externalMetrics.map(
      ({ name, rule, series, namespaceLabel }) =>
        `${name} = ${series} in ${namespaceLabel}, rule ${all.indexOf(rule)}`,
    ),
    ...leftOut.map(({ series, name, why }) => `left out: ${series} as ${name}: ${why}`),
  ];
  return { ...discovery, served };
}
