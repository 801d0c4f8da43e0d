import type { QueryRequest } from '../../rules/query.ts';
import type { CompiledRule } from '../../rules/rule.ts';

/** One sample of an instant vector. */
export interface Sample {
  /** With `__name__`, where the query keeps it. */
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or an infinity. */
  readonly value: number;
  /** When it was evaluated, in seconds since the epoch. */
  readonly timestamp: number;
}

/**
 * The samples of an instant vector. There can be many, and they may be parsed during iteration: a loop
 * over them pauses in between.
 */
export interface Samples extends Iterable<Sample> {
  readonly length: number;
}

/** The answer to an instant query. */
export type QueryAnswer =
  | { readonly type: 'vector'; readonly samples: Samples }
  | { readonly type: 'scalar'; readonly value: number; readonly timestamp: number }
  | { readonly type: 'matrix' }
  | { readonly type: 'string' };

/** What a query came from. */
export interface QueryOrigin {
  readonly rule: CompiledRule;
  readonly request: QueryRequest;
}

/** A query that a request needs, and how it comes to its answer. */
export interface NeededQuery {
  readonly promql: string;
  /** `own`: for what the request itself is about; `all`: for all objects of a metric. */
  readonly scope: 'own' | 'all';
  /**
   * `asked`: because of this request; `joined`: it was under way already; `reused`: its answer had
   * just come.
   */
  readonly answered: 'asked' | 'joined' | 'reused';
}

/** How a query that a request needed has ended for that request. */
export interface QueryEnd {
  /** How long the request has waited for it. */
  readonly durationSeconds: number;
  /** Undefined where there was an answer. */
  readonly error?: unknown;
}

/** Told of a query when it is needed; what it returns is told, once, how that ended. */
export type OnQuery = (query: NeededQuery) => (end: QueryEnd) => void;

/** What goes with a request down to its queries. */
export interface Caller {
  /**
   * Aborted when the result is no longer needed, at the latest when the response is complete. The memory
   * of a large response of Prometheus is held until then.
   */
  readonly signal?: AbortSignal | undefined;
  /** What counts as one client. Flows take turns with their queries. Undefined: it is not known. */
  readonly flow?: string | undefined;
  readonly onQuery?: OnQuery | undefined;
}

/** Others than the runner that shares queries need look at the signal only. */
export interface QueryRunnerOptions extends Caller {
  /** For a runner that can answer several requests from one query. */
  readonly origin?: QueryOrigin | undefined;
}

/** Where queries are answered: Prometheus. */
export interface QueryRunner {
  query(promql: string, options: QueryRunnerOptions): Promise<QueryAnswer>;
}
