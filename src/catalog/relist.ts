import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { LeftOutMetric } from '../rules/rule.ts';
import { type BuiltCatalog, createCatalogBuilder } from './build-catalog.ts';
import { type Catalog, emptyCatalog } from './catalog.ts';
import { type DiscoveryOutcome, discover } from './discover.ts';
import type { DiscoveryChoice, DiscoveryMode } from './discovery-strategy.ts';
import type { RuleLists } from './required-labels.ts';
import type { RuleOutcome } from './rule-outcome.ts';
import { type KnownSeries, knownSeries, labelSetsOf } from './series-snapshot.ts';
import type { SeriesSource } from './series-source.ts';

/** What the relist loop works with. */
export interface RelistDependencies {
  readonly source: SeriesSource;
  readonly rules: () => RuleLists;
  readonly mapper: () => ResourceMapper;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Whether Prometheus has answered, if only by a refusal: asking again gives the same. */
  readonly isRefusal: (error: unknown) => boolean;
  /**
   * Whether the server that returned an error responds to other requests, so that the error is about the
   * request. Never rejects.
   */
  readonly answersOtherwise: (error: unknown) => Promise<boolean>;
  /** Whether an error says that the server cannot do what was asked; asked otherwise, it may. */
  readonly isUnsupported: (error: unknown) => boolean;
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
  /** How many requests of a round are under way at once. */
  readonly concurrency: number;
  readonly discovery: DiscoveryMode;
}

/** One round of the loop. */
export interface RelistRound {
  readonly outcomes: readonly DiscoveryOutcome[];
  /** How it was asked; undefined where there was nothing to ask for, or nobody to ask. */
  readonly choice: DiscoveryChoice | undefined;
  readonly leftOut: readonly LeftOutMetric[];
  /** Of each rule, custom ones first. */
  readonly ruleOutcomes: readonly RuleOutcome[];
  readonly catalog: Catalog;
  readonly durationSeconds: number;
}

/** The relist loop: it keeps the catalog. */
export interface RelistLoop {
  /** The current catalog. */
  readonly catalog: () => Catalog;
  /** The outcome of each rule of the catalog, custom rules first. */
  readonly ruleOutcomes: () => readonly RuleOutcome[];
  /** Whether a round has ended in which Prometheus could be asked. */
  readonly hasListed: () => boolean;
  /** Starts a round now, or after the current one; done when that round is. Never rejects. */
  relist(): Promise<void>;
  /** Starts a round now where the last one had failures, which may be over. Never rejects. */
  retryFailed(): Promise<void>;
  /**
   * Makes the catalog anew of the series known, for a cluster whose resources have changed, and
   * starts a round where labels may have got a meaning that was not asked for. Done when the
   * catalog is made; never rejects.
   */
  rebuild(): Promise<void>;
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
  const buildCatalog = createCatalogBuilder();
  let catalog = emptyCatalog;
  let ruleOutcomes: readonly RuleOutcome[] = [];
  /** Why series queries failed in the last round. */
  let failures: ReadonlyMap<string, unknown> = new Map();
  let listed = false;
  let rulesOfCatalog: RuleLists = { custom: [], external: [] };
  let known: ReadonlyMap<string, KnownSeries> = new Map();
  // Before the first round, and after one by labels, which asks for those that mean something.
  let mayLackLabels = options.discovery !== 'series';
  let swapsAsked = 0;
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
    const { outcomes, choice } = await discover(rules, dependencies.mapper(), dependencies.source, {
      mode: options.discovery,
      start: (begun - options.maxAge) / 1000,
      concurrency: options.concurrency,
      signal: stopping.signal,
      isUnsupported: dependencies.isUnsupported,
    });
    const found = await withLastGood(outcomes, known);
    if (stopping.signal.aborted) return [];
    known = found;
    if (choice !== undefined) mayLackLabels = choice.way === 'labels';
    rulesOfCatalog = rules;
    failures = failuresIn(outcomes);
    const built = await swap();
    listed ||= await couldBeAsked(outcomes, dependencies);
    const durationSeconds = (dependencies.now() - begun) / 1000;
    const { leftOut } = built;
    dependencies.onRelist({ outcomes, choice, leftOut, ruleOutcomes, catalog, durationSeconds });
    return outcomes;
  }

  /**
   * Makes a catalog of what there is now, and puts it in the place of the current one. One at a
   * time: what has changed while it was made is in the next, which all who asked wait for.
   */
  function swap(): Promise<BuiltCatalog> {
    swapsAsked += 1;
    swapping ??= swapUntilCurrent();
    return swapping;
  }

  async function swapUntilCurrent(): Promise<BuiltCatalog> {
    try {
      for (;;) {
        const asked = swapsAsked;
        const mapper = dependencies.mapper();
        const built = await buildCatalog({ rules: rulesOfCatalog, known, mapper });
        catalog = built.catalog;
        ruleOutcomes = built.ruleOutcomes.map((outcome) => ({
          ...outcome,
          failure: failures.get(outcome.rule.seriesQuery),
        }));
        if (asked === swapsAsked) return built;
      }
    } finally {
      // At once, so that nobody is told of a swap that is over.
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

/** The series of each query of this round, those of an earlier one where it failed. */
async function withLastGood(
  outcomes: readonly DiscoveryOutcome[],
  known: ReadonlyMap<string, KnownSeries>,
): Promise<ReadonlyMap<string, KnownSeries>> {
  const slices = createTimeSlices();
  const labelSets = await labelSetsOf(known.values(), slices);
  const result = new Map<string, KnownSeries>();
  for (const outcome of outcomes) {
    const before = known.get(outcome.seriesQuery);
    const series =
      'found' in outcome
        ? await knownSeries(outcome.found, outcome.labels ?? [], before, labelSets, slices)
        : before;
    if (series !== undefined) result.set(outcome.seriesQuery, series);
  }
  return result;
}

function failuresIn(outcomes: readonly DiscoveryOutcome[]): ReadonlyMap<string, unknown> {
  return new Map(
    outcomes.flatMap((outcome) =>
      'error' in outcome ? [[outcome.seriesQuery, outcome.error] as const] : [],
    ),
  );
}

async function couldBeAsked(
  outcomes: readonly DiscoveryOutcome[],
  { isRefusal, answersOtherwise }: RelistDependencies,
): Promise<boolean> {
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  if (errors.length < outcomes.length || errors.some((error) => isRefusal(error))) return true;
  // One failure of each kind is enough.
  return errors.length === 0 || answersOtherwise(errors[0]);
}
