import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import {
  buildCatalog,
  type DiscoveredSeries,
  type LeftOutMetric,
  type RuleLists,
} from './build-catalog.ts';
import { type Catalog, emptyCatalog } from './catalog.ts';
import { type DiscoveryOutcome, discover, type SeriesSource, seriesQueriesOf } from './discover.ts';

/** What the relist loop works with. */
export interface RelistDependencies {
  readonly source: SeriesSource;
  readonly rules: () => RuleLists;
  readonly mapper: () => ResourceMapper;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether Prometheus has answered, if only by a refusal: asking again gives the same. */
  readonly isRefusal: (error: unknown) => boolean;
  /** Told of every finished round. */
  readonly onRelist: (round: RelistRound) => void;
  /** Told of what should never happen: a catalog could not be made. The last one stays. */
  readonly onFault: (fault: unknown) => void;
}

export interface RelistOptions {
  /** Milliseconds between the rounds. */
  readonly interval: number;
  /** Milliseconds that a series may be without samples and still be listed. */
  readonly maxAge: number;
  /** How many series queries are under way at once. */
  readonly concurrency: number;
}

/** One round of the loop. */
export interface RelistRound {
  readonly outcomes: readonly DiscoveryOutcome[];
  readonly leftOut: readonly LeftOutMetric[];
  readonly catalog: Catalog;
  readonly durationSeconds: number;
}

/** The relist loop: it keeps the catalog. */
export interface RelistLoop {
  /** The current catalog. */
  readonly catalog: () => Catalog;
  /** Whether a round has ended in which Prometheus could be asked. */
  readonly hasListed: () => boolean;
  /** Starts a round now, or after the current one; done when that round is. Never rejects. */
  relist(): Promise<void>;
  /** Makes the catalog anew of the series known, for a cluster whose resources have changed. */
  rebuild(): void;
  stop(): void;
}

/** Failed queries are asked again after this many milliseconds, then twice as many, and so on. */
const firstRetryDelay = 5_000;

/**
 * Starts the loop: a round at once, then one per interval, sooner after failures. A query that
 * fails keeps the series that it found last; the rules are those at the beginning of a round.
 */
export function startRelistLoop(
  dependencies: RelistDependencies,
  options: RelistOptions,
): RelistLoop {
  const stopping = new AbortController();
  let catalog = emptyCatalog;
  let listed = false;
  let rulesOfCatalog: RuleLists = { custom: [], external: [] };
  let known: ReadonlyMap<string, DiscoveredSeries> = new Map();
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
    const outcomes = await discover(seriesQueriesOf(rules), dependencies.source, {
      start: (begun - options.maxAge) / 1000,
      concurrency: options.concurrency,
      signal: stopping.signal,
    });
    if (stopping.signal.aborted) return [];
    known = withLastGood(outcomes, known);
    rulesOfCatalog = rules;
    const { leftOut } = swap();
    listed ||= couldBeAsked(outcomes, dependencies.isRefusal);
    const durationSeconds = (dependencies.now() - begun) / 1000;
    dependencies.onRelist({ outcomes, leftOut, catalog, durationSeconds });
    return outcomes;
  }

  function swap(): { leftOut: readonly LeftOutMetric[] } {
    const built = buildCatalog(rulesOfCatalog, known, dependencies.mapper());
    catalog = built.catalog;
    return built;
  }

  function rebuild(): void {
    try {
      swap();
    } catch (fault) {
      dependencies.onFault(fault);
    }
  }

  /** Whether a query failed that may be answered if it is asked again. */
  function hasFailed(outcomes: readonly DiscoveryOutcome[]): boolean {
    return outcomes.some((outcome) => 'error' in outcome && !dependencies.isRefusal(outcome.error));
  }

  function scheduleNext(failed: boolean): void {
    if (stopping.signal.aborted) return;
    failedRounds = failed ? failedRounds + 1 : 0;
    const delay = failed
      ? Math.min(options.interval, firstRetryDelay * 2 ** (failedRounds - 1))
      : options.interval;
    timer = setTimeout(() => void relist(), delay);
    timer.unref();
  }

  /** Rounds never overlap, and one that waits serves all who ask for it meanwhile. */
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
    hasListed: () => listed,
    relist,
    rebuild,
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

/** The series of each query of this round, those of an earlier one where it failed. */
function withLastGood(
  outcomes: readonly DiscoveryOutcome[],
  known: ReadonlyMap<string, DiscoveredSeries>,
): ReadonlyMap<string, DiscoveredSeries> {
  const result = new Map<string, DiscoveredSeries>();
  for (const outcome of outcomes) {
    const found = 'found' in outcome ? outcome.found : known.get(outcome.seriesQuery);
    if (found !== undefined) result.set(outcome.seriesQuery, found);
  }
  return result;
}

function couldBeAsked(
  outcomes: readonly DiscoveryOutcome[],
  isRefusal: (error: unknown) => boolean,
): boolean {
  if (outcomes.length === 0) return true;
  return outcomes.some((outcome) => 'found' in outcome || isRefusal(outcome.error));
}
