import type { QueryRequest } from '../rules/metrics-query.ts';
import type { CompiledRule } from '../rules/rule.ts';

/** One sample of an instant vector. */
export interface Sample {
  /** With `__name__`, where the query keeps it. */
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or an infinity. */
  readonly value: number;
  /** When it was evaluated, in seconds since the epoch. */
  readonly timestamp: number;
}

/** The answer to an instant query. */
export type QueryAnswer =
  | { readonly type: 'vector'; readonly samples: readonly Sample[] }
  | { readonly type: 'scalar'; readonly value: number; readonly timestamp: number }
  | { readonly type: 'matrix' }
  | { readonly type: 'string' };

/** What a query came from. */
export interface QueryOrigin {
  readonly rule: CompiledRule;
  readonly request: QueryRequest;
}

export interface QueryRunnerOptions {
  readonly signal?: AbortSignal;
  /** For a runner that can answer several requests from one query; others need not look at it. */
  readonly origin?: QueryOrigin;
}

/** Where queries are answered: Prometheus. */
export interface QueryRunner {
  query(promql: string, options: QueryRunnerOptions): Promise<QueryAnswer>;
}
