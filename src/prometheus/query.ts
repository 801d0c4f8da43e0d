import type { QueryRequest } from '../rules/query.ts';
import type { CompiledRule } from '../rules/rule.ts';

/** Label values by label name. It has no prototype, so that only labels are found in it. */
export type Labels = Readonly<Record<string, string>>;

/** One sample of an instant vector. */
export interface Sample {
  /** Includes `__name__` if the query keeps it. */
  readonly labels: Labels;
  /** Can be NaN or an infinity. */
  readonly value: number;
  /** The evaluation time in seconds since the epoch. */
  readonly timestamp: number;
}

/**
 * The samples of an instant vector. Those of a large response are parsed during iteration, in batches of
 * at most a millisecond: a loop over them must pause in between.
 */
export interface Samples extends Iterable<Sample> {
  readonly length: number;
}

/** The result of an instant query. Matrices and strings are never used, so only their type is kept. */
export type QueryAnswer =
  | { readonly type: 'vector'; readonly samples: Samples }
  | { readonly type: 'scalar'; readonly value: number; readonly timestamp: number }
  | { readonly type: 'matrix' }
  | { readonly type: 'string' };

/** The rule and the request that a query was generated from. */
export interface QueryOrigin {
  readonly rule: CompiledRule;
  readonly request: QueryRequest;
}

/** A query that an API request needs. */
export interface NeededQuery {
  readonly promql: string;
  /** `own`: for the objects of the request; `all`: for all objects of a metric. */
  readonly scope: 'own' | 'all';
  /**
   * Where the result comes from: `prometheus`, the query is sent for this request; `in_flight`, it was
   * already sent for another request; `cache`, a recent result.
   */
  readonly source: 'prometheus' | 'in_flight' | 'cache';
}

/** How a query ended for the request that needed it. */
export interface QueryEnd {
  /** How long the request waited for the result. */
  readonly durationSeconds: number;
  /** Undefined if the query succeeded. */
  readonly error?: unknown;
}

/** Called when a request needs a query. The returned function is called once, when the query ends. */
export type OnQuery = (query: NeededQuery) => (end: QueryEnd) => void;

/** The API request that a query belongs to. */
export interface Caller {
  /**
   * Aborted when the result is no longer needed, at the latest when the response is complete. A large
   * result counts towards the memory budget until then.
   */
  readonly signal?: AbortSignal | undefined;
  /** The client of the API, for fair queueing. Undefined if it is not known. */
  readonly flow?: string | undefined;
  readonly onQuery?: OnQuery | undefined;
}

export interface RequestOptions {
  /** The timeout of this request in milliseconds, instead of the default of the client. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Each layer (client, guard, sharing) reads the options that it needs. */
export interface QueryOptions extends RequestOptions, Caller {
  /** The evaluation time in seconds since the epoch. Default: the current time of Prometheus. */
  readonly time?: number;
  /** Allows answering several requests from one query. */
  readonly origin?: QueryOrigin | undefined;
  /**
   * Aborted when the samples are no longer in use. Until then a large result counts towards the memory
   * budget. Default: it does not count after it is read.
   */
  readonly inUse?: AbortSignal | undefined;
  /** Called if the result is large: it may have to wait for memory after Prometheus has sent it. */
  readonly onLarge?: () => void;
}

/** Evaluates instant queries. */
export interface QueryRunner {
  /**
   * @throws PrometheusError
   * @throws the reason of `signal`, if a shared query is abandoned
   */
  query(promql: string, options: QueryOptions): Promise<QueryAnswer>;
}
