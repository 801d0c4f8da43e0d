import { Counter, Gauge, type Registry } from 'prom-client';

/** `own`: what a request itself is about; `all`: all objects of a metric, for many requests. */
export type QueryScope = 'own' | 'all';

/** How a request came to the answer of a query: it had it asked, or it shared it. */
export type QueryAnswered = 'asked' | 'joined' | 'reused';

/** How much asking the sharing of queries saves, and what it takes. */
export interface QueryMetrics {
  /** A request needed the answer to a query. */
  queryNeeded(scope: QueryScope, answered: QueryAnswered): void;
  /** How many answers are kept to be given again, and how many bytes they take, about. */
  answersKept(scope: QueryScope, count: number, bytes: number): void;
}

const SCOPES = ['own', 'all'] as const;
const ANSWERED = ['asked', 'joined', 'reused'] as const;

/** @param prefix of the names of all metrics */
export function queryMetrics(registry: Registry, prefix: string): QueryMetrics {
  const needed = new Counter({
    name: `${prefix}queries_total`,
    help: 'Queries that requests to our API needed: asked because of the request, joined while under way, or reused from an answer that had just come; for what the request is about, or for all objects of a metric.',
    labelNames: ['scope', 'answered'],
    registers: [registry],
  });
  const kept = new Gauge({
    name: `${prefix}kept_answers`,
    help: 'Answers of Prometheus that are kept to be used again.',
    labelNames: ['scope'],
    registers: [registry],
  });
  const bytes = new Gauge({
    name: `${prefix}kept_answers_bytes`,
    help: 'About how much memory these answers take.',
    labelNames: ['scope'],
    registers: [registry],
  });
  for (const scope of SCOPES) {
    for (const answered of ANSWERED) needed.inc({ scope, answered }, 0);
    kept.set({ scope }, 0);
    bytes.set({ scope }, 0);
  }
  return {
    queryNeeded: (scope, answered) => needed.inc({ scope, answered }),
    answersKept(scope, count, size) {
      kept.set({ scope }, count);
      bytes.set({ scope }, size);
    },
  };
}
