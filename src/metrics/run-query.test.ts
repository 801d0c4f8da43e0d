import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { PrometheusError } from '../prometheus/errors.ts';
import type { QueryAnswer, QueryOptions, QueryOrigin } from '../prometheus/query.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import type { RuleKind } from '../rules/rule.ts';
import { runQuery } from './run-query.ts';

const caller = { signal: new AbortController().signal, onQuery: () => () => undefined };
const found: QueryAnswer = { type: 'scalar', value: 1, timestamp: 1 };
const rejected = new PrometheusError('bad_query', 'Prometheus rejected the query');

/** Runs a query on a server that answers or fails. */
async function run(answer: QueryAnswer | Error, origin?: QueryOrigin): Promise<unknown> {
  const queries = {
    async query() {
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return runQuery(prometheusServers(queries), undefined, 'up', caller, origin).catch(
    (error: unknown) => error,
  );
}

function originOf(selector: string, kind: RuleKind = 'custom'): QueryOrigin {
  const request = { series: 'x', selector: parseLabelSelector(selector), groupBy: [] };
  return { rule: compiledRule({}, kind), request };
}

it('runs a query with the options of the request', async () => {
  const origin = originOf('a=1');
  const given: [string, QueryOptions][] = [];
  const queries = {
    async query(promql: string, options: QueryOptions) {
      given.push([promql, options]);
      return { type: 'string' } as const;
    },
  };
  expect(await runQuery(prometheusServers(queries), undefined, 'up', caller, origin)).toEqual({
    type: 'string',
  });
  expect(given).toEqual([['up', { ...caller, origin }]]);
});

it('shows clients no details of a failure', async () => {
  const down = new PrometheusError('unreachable', 'connect ECONNREFUSED 10.0.0.1');
  expect(await run(down)).toMatchObject({
    name: 'MetricsError',
    reason: 'InternalError',
    message: 'unable to fetch metrics',
    cause: down,
  });
});

describe('a query with a label name that needs quotes', () => {
  it('returns the result if the server accepts it', async () => {
    expect(await run(found, originOf('x.y/z=1'))).toBe(found);
  });

  it.each([
    ['custom', 'metricLabelSelector'],
    ['external', 'labelSelector'],
  ] as const)('is a bad request of a %s metric if the server rejects it', async (kind, name) => {
    expect(await run(rejected, originOf('a=1,x.y/z=1', kind))).toMatchObject({
      name: 'MetricsError',
      reason: 'BadRequest',
      cause: rejected,
      message: `${name}: Prometheus does not accept the label "x.y/z": expected letters, digits and underscores, not beginning with a digit (other names need Prometheus 3)`,
    });
  });

  it('is an internal error if the failure is another one', async () => {
    const down = new PrometheusError('unreachable', 'down');
    const internal = { reason: 'InternalError', cause: down };
    expect(await run(down, originOf('x.y/z=1'))).toMatchObject(internal);
  });
});

it('is an internal error if the server rejects any other query', async () => {
  const internal = { reason: 'InternalError', cause: rejected };
  expect(await run(rejected, originOf('a=1'))).toMatchObject(internal);
  expect(await run(rejected)).toMatchObject(internal);
});

it('sends the query to the server with the name', async () => {
  const answering = (value: number) => ({
    query: async (): Promise<QueryAnswer> => ({ type: 'scalar', value, timestamp: 1 }),
  });
  const servers = prometheusServers(answering(1), new Map([['other', answering(2)]]));
  expect(await runQuery(servers, undefined, 'up', caller)).toMatchObject({ value: 1 });
  expect(await runQuery(servers, 'other', 'up', caller)).toMatchObject({ value: 2 });
  await expect(runQuery(servers, 'missing', 'up', caller)).rejects.toMatchObject({
    reason: 'InternalError',
    cause: { kind: 'unreachable', message: expect.stringContaining('"missing"') },
  });
});
