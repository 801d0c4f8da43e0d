import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { isRefused, mayConcernRequestOnly } from '../prometheus/guard/failure-classification.ts';
import type { PrometheusServer } from '../prometheus/server.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import type { LeftOutMetric } from '../rules/rule.ts';
import { type BuiltCatalog, createCatalogBuilder } from './build-catalog.ts';
import { type Catalog, emptyCatalog } from './catalog.ts';
import { type DiscoveryOutcome, discover, type ServerStrategy } from './discover.ts';
import type { DiscoveryMode } from './discovery-strategy.ts';
import { queryKey, type RuleLists } from './required-labels.ts';
import type { RuleOutcome } from './rule-outcome.ts';
import { labelSetsOf, type SeriesSnapshot, takeSnapshot } from './series-snapshot.ts';
import type { SeriesSource } from './series-source.ts';

/** The parts of a Prometheus server that the relist loop uses. */
export type CatalogServer = SeriesSource & Pick<PrometheusServer, 'evaluatesQueries'>;

export interface RelistDependencies {
  readonly servers: PrometheusServers<CatalogServer>;
  readonly rules: () => RuleLists;
  readonly mapper: () => ResourceMapper;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called after every relist. */
  readonly onRelist: (round: RelistRound) => void;
  /** Called on a bug: the catalog could not be built. The previous catalog remains. */
  readonly onFault: (fault: unknown) => void;
}

export interface RelistOptions {
  /** Milliseconds between two relists. */
  readonly intervalMs: number;
  /** In milliseconds. A series without samples for this time is ignored. */
  readonly maxAgeMs: number;
  /** The maximum number of concurrent requests to each server. */
  readonly concurrency: number;
  readonly discovery: DiscoveryMode;
}

/** The result of one relist. */
export interface RelistRound {
  readonly outcomes: readonly DiscoveryOutcome[];
  readonly strategies: readonly ServerStrategy[];
  readonly leftOut: readonly LeftOutMetric[];
  /** Of each rule, custom rules first. */
  readonly ruleOutcomes: readonly RuleOutcome[];
  readonly catalog: Catalog;
  readonly durationSeconds: number;
}

/** Keeps the catalog up to date. */
export interface RelistLoop {
  /** The current catalog. */
  readonly catalog: () => Catalog;
  /** The outcome of each rule of the catalog, custom rules first. */
  readonly ruleOutcomes: () => readonly RuleOutcome[];
  /** Whether a relist has ended in which a Prometheus server responded. */
  readonly hasListed: () => boolean;
  /** Starts a relist now, or after the current one. Resolves when it has ended; never rejects. */
  relist(): Promise<void>;
  /** Starts a relist now if the last one had failures. Never rejects. */
  retryFailed(): Promise<void>;
  /**
   * Rebuilds the catalog from the discovered series after the resources of the cluster have changed.
   * Starts a relist if labels that were not discovered may now map to resources. Resolves when the catalog
   * is built; never rejects.
   */
  rebuild(): Promise<void>;
  stop(): void;
}

/** The delay before failed queries are retried; it doubles with every failed relist. */
const FIRST_RETRY_DELAY_MS = 5_000;

/**
 * Starts the loop: one relist at once, then one per interval, sooner after failures. A failed query keeps the
 * series that it found last. A relist uses the rules at its start.
 */
export function startRelistLoop(
  dependencies: RelistDependencies,
  options: RelistOptions,
): RelistLoop {
  const { servers } = dependencies;
  const stopping = new AbortController();
  const buildCatalog = createCatalogBuilder();
  let catalog = emptyCatalog;
  let ruleOutcomes: readonly RuleOutcome[] = [];
  /** The errors of the last relist, by {@link queryKey}. */
  let failures: ReadonlyMap<string, unknown> = new Map();
  let listed = false;
  let rulesOfCatalog: RuleLists = { custom: [], external: [] };
  let known: ReadonlyMap<string, SeriesSnapshot> = new Map();
  // Before the first relist, and after a relist by labels, which only requests labels that map to resources.
  let mayLackLabels = options.discovery !== 'series';
  let swapsRequested = 0;
  let swapping: Promise<BuiltCatalog> | undefined;
  let failedRounds = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let queued: Promise<void> | undefined;

  async function round(): Promise<void> {
    clearTimeout(timer);
    try {
      scheduleNext(hasFailed(await list()));
    } catch (fault) {
      dependencies.onFault(fault);
      scheduleNext(true);
    }
  }

  async function list(): Promise<readonly DiscoveryOutcome[]> {
    const rules = dependencies.rules();
    const begun = dependencies.now();
    const { outcomes, strategies } = await discover(rules, dependencies.mapper(), servers, {
      mode: options.discovery,
      start: (begun - options.maxAgeMs) / 1000,
      concurrency: options.concurrency,
      signal: stopping.signal,
    });
    const found = await withLastGood(outcomes, known);
    if (stopping.signal.aborted) return [];
    known = found;
    if (strategies.length > 0) {
      mayLackLabels = strategies.some(({ strategy }) => strategy === 'labels');
    }
    rulesOfCatalog = rules;
    failures = failuresIn(outcomes);
    const built = await swap();
    listed ||= await hasResponded(outcomes, servers);
    const durationSeconds = (dependencies.now() - begun) / 1000;
    const { leftOut } = built;
    dependencies.onRelist({
      outcomes,
      strategies,
      leftOut,
      ruleOutcomes,
      catalog,
      durationSeconds,
    });
    return outcomes;
  }

  /**
   * Builds a catalog of the current state and replaces the current one. One at a time: changes during the
   * build are in the next catalog, for which all callers wait.
   */
  function swap(): Promise<BuiltCatalog> {
    swapsRequested += 1;
    swapping ??= swapUntilCurrent();
    return swapping;
  }

  async function swapUntilCurrent(): Promise<BuiltCatalog> {
    try {
      for (;;) {
        const requested = swapsRequested;
        const mapper = dependencies.mapper();
        const built = await buildCatalog({ rules: rulesOfCatalog, known, mapper });
        catalog = built.catalog;
        ruleOutcomes = built.ruleOutcomes.map((outcome) => ({
          ...outcome,
          failure: failures.get(queryKey(outcome.rule)),
        }));
        if (requested === swapsRequested) return built;
      }
    } finally {
      // Synchronously, so that no caller waits for a swap that is over.
      swapping = undefined;
    }
  }

  async function rebuild(): Promise<void> {
    if (mayLackLabels) void relist();
    try {
      await swap();
    } catch (fault) {
      dependencies.onFault(fault);
    }
  }

  /** Whether a query failed that may succeed when it is retried. */
  function hasFailed(outcomes: readonly DiscoveryOutcome[]): boolean {
    return outcomes.some((outcome) => 'error' in outcome && !isRefused(outcome.error));
  }

  function scheduleNext(failed: boolean): void {
    if (stopping.signal.aborted) return;
    failedRounds = failed ? failedRounds + 1 : 0;
    const delay = failed
      ? Math.min(options.intervalMs, FIRST_RETRY_DELAY_MS * 2 ** (failedRounds - 1))
      : options.intervalMs;
    timer = setTimeout(() => void relist(), delay);
    timer.unref();
  }

  /** Relists never overlap. All callers during a relist wait for the same next one. */
  function relist(): Promise<void> {
    if (running === undefined) {
      running = round().finally(() => {
        running = undefined;
      });
      return running;
    }
    queued ??= running.then(() => {
      queued = undefined;
      return relist();
    });
    return queued;
  }

  void relist();
  return {
    catalog: () => catalog,
    ruleOutcomes: () => ruleOutcomes,
    hasListed: () => listed,
    relist,
    retryFailed: () => (failedRounds > 0 ? relist() : Promise.resolve()),
    rebuild,
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

/** The series of each query, by {@link queryKey}; a failed query keeps its last series. */
async function withLastGood(
  outcomes: readonly DiscoveryOutcome[],
  known: ReadonlyMap<string, SeriesSnapshot>,
): Promise<ReadonlyMap<string, SeriesSnapshot>> {
  const slices = createTimeSlices();
  const labelSets = await labelSetsOf(known.values(), slices);
  const result = new Map<string, SeriesSnapshot>();
  for (const outcome of outcomes) {
    const before = known.get(queryKey(outcome));
    const series =
      'found' in outcome
        ? await takeSnapshot(outcome.found, outcome.labels ?? [], before, labelSets, slices)
        : before;
    if (series !== undefined) result.set(queryKey(outcome), series);
  }
  return result;
}

function failuresIn(outcomes: readonly DiscoveryOutcome[]): ReadonlyMap<string, unknown> {
  return new Map(
    outcomes.flatMap((outcome) =>
      'error' in outcome ? [[queryKey(outcome), outcome.error] as const] : [],
    ),
  );
}

/** Whether a server responded to a series query, or to another query after it rejected a series query. */
async function hasResponded(
  outcomes: readonly DiscoveryOutcome[],
  servers: PrometheusServers<CatalogServer>,
): Promise<boolean> {
  const failed = outcomes.filter((outcome) => 'error' in outcome);
  if (failed.length < outcomes.length || failed.length === 0) return true;
  if (failed.some(({ error }) => isRefused(error))) return true;
  // An error in a format other than that of Prometheus can come from any server at the URL. The first
  // failure of each server is enough.
  const first = Map.groupBy(failed, ({ prometheus }) => prometheus);
  for (const [prometheus, [failure]] of first) {
    if (failure === undefined || !mayConcernRequestOnly(failure.error)) continue;
    if (await servers.get(prometheus).evaluatesQueries()) return true;
  }
  return false;
}
