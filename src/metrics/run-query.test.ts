import { expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { QueryRunnerOptions } from '../prometheus/sharing/query-runner.ts';
import { MetricsError } from './metrics-error.ts';
import { runQuery } from './run-query.ts';

const caller = { signal: new AbortController().signal, onQuery: () => () => undefined };

it('runs a query with what belongs to the request', async () => {
  const origin = {
    rule: compiledRule({}),
    request: { series: 'x', selector: [], groupBy: [] },
  };
  const given: [string, QueryRunnerOptions][] = [];
  const queries = {
    async query(promql: string, options: QueryRunnerOptions) {
      given.push([promql, options]);
      return { type: 'string' } as const;
    },
  };
  expect(await runQuery(queries, 'up', caller, origin)).toEqual({ type: 'string' });
  expect(given).toEqual([['up', { ...caller, origin }]]);
});

it('shows clients nothing of a failure, unless it is meant for them', async () => {
  const failing = (error: unknown) =>
    runQuery({ query: () => Promise.reject(error) }, 'up', caller);
  const down = new Error('connect ECONNREFUSED 10.0.0.1');
  await expect(failing(down)).rejects.toMatchObject({
    reason: 'InternalError',
    message: 'unable to fetch metrics',
    cause: down,
  });
  const badRequest = new MetricsError('BadRequest', 'write it otherwise');
  await expect(failing(badRequest)).rejects.toBe(badRequest);
});
