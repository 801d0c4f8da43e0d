import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { AnsweredRequest } from '../../apiserver/app.ts';
import type { NeededQuery, QueryEnd } from '../../prometheus/query.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { createMonitoring } from './monitoring.ts';
import { createRequestReport } from './report-request.ts';

const PROMQL = 'sum(load{namespace="shop",pod="web-0"}) by (pod)';

/** An answered request with the queries that it needed. */
interface ReportedRequest extends AnsweredRequest {
  readonly queries: readonly (NeededQuery & { readonly end: QueryEnd | undefined })[];
}

const answered: ReportedRequest = {
  method: 'GET',
  target: '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-0/load',
  info: undefined,
  servedGroup: undefined,
  user: { name: 'alice', groups: [], extra: new Map(), uid: '' },
  code: 200,
  durationSeconds: 0.25,
  queries: [
    { promql: PROMQL, scope: 'own', source: 'cache', end: { durationSeconds: 0.125 } },
    { promql: 'all', scope: 'all', source: 'prometheus', end: undefined },
  ],
  error: undefined,
};

/** The log entries of a request as JSON, at a level of `-v`. */
async function logged(
  verbosity: number,
  { queries, ...request }: ReportedRequest,
): Promise<unknown> {
  const destination = new PassThrough();
  const written = text(destination);
  const log = createLogger({ verbosity, format: 'json', destination });
  const { context, onAnswered } = createRequestReport(log, createMonitoring())();
  for (const { end, ...query } of queries) {
    const ended = context.onQuery(query);
    if (end !== undefined) ended(end);
  }
  onAnswered(request);
  await log.close();
  destination.end();
  const line = await written;
  return line === '' ? undefined : JSON.parse(line);
}

const base = {
  ts: expect.any(String),
  method: 'GET',
  target: answered.target,
  user: 'alice',
  durationSeconds: 0.25,
  queryCount: 2,
};
const queries = [
  { promql: PROMQL, scope: 'own', source: 'cache', durationSeconds: 0.125, outcome: 'success' },
  { promql: 'all', scope: 'all', source: 'prometheus', outcome: 'in flight' },
];

describe('a request in the log', () => {
  it('is not logged below level 4', async () => {
    expect(await logged(3, answered)).toBeUndefined();
  });

  it('is logged at level 4, with the number of its queries', async () => {
    const line = { ...base, level: 'info', v: 4, msg: 'request', code: 200 };
    expect(await logged(4, answered)).toEqual(line);
  });

  it('has its queries at level 6', async () => {
    const line = { ...base, level: 'info', v: 4, msg: 'request', code: 200, queries };
    expect(await logged(6, answered)).toEqual(line);
  });

  it('has the error of a rejected request without a stack trace, and a rounded duration', async () => {
    const error = new Error('no such metric', { cause: new Error('not listed') });
    const refused = { ...answered, code: 404, durationSeconds: 0.024843996999999944, error };
    const line = { ...base, level: 'info', v: 4, msg: 'request', code: 404 };
    expect(await logged(4, refused)).toEqual({
      ...line,
      durationSeconds: 0.0248,
      error: 'no such metric: not listed',
    });
  });

  it('is logged at every level if it failed, with its queries', async () => {
    const error = new Error('unable to fetch metrics', { cause: new Error('down') });
    const end = { durationSeconds: 1, error: new Error('down') };
    const failed = { promql: PROMQL, scope: 'own', source: 'prometheus', end } as const;
    expect(await logged(0, { ...answered, code: 500, queries: [failed], error })).toEqual({
      ...base,
      level: 'error',
      v: 0,
      msg: 'a request failed',
      code: 500,
      queryCount: 1,
      queries: [
        {
          promql: PROMQL,
          scope: 'own',
          source: 'prometheus',
          durationSeconds: 1,
          outcome: 'failure',
          error: 'down',
        },
      ],
      error: 'unable to fetch metrics: down',
    });
  });

  it.each(['/healthz', '/livez', '/readyz', '/readyz/relist', '/readyz?verbose'])(
    'is not a failure if a health check fails: %s',
    async (target) => {
      const unready = { ...answered, target, code: 500, queries: [] };
      expect(await logged(3, unready)).toBeUndefined();
      const line = { ...base, level: 'info', v: 4, msg: 'request', target, code: 500 };
      expect(await logged(4, unready)).toEqual({ ...line, queryCount: 0 });
    },
  );

  it('is a failure if its path only starts like a health check', async () => {
    const other = { ...answered, target: '/readyzz', code: 500 };
    expect(await logged(0, other)).toMatchObject({ level: 'error' });
  });

  it('is of bounded length', async () => {
    const query = {
      promql: 'x'.repeat(100_000),
      scope: 'own',
      source: 'prometheus',
      end: { durationSeconds: 1 },
    } as const;
    const line = await logged(6, { ...answered, queries: Array(5000).fill(query) });
    expect(line).toMatchObject({ queryCount: 5000 });
    expect(JSON.stringify(line).length).toBeLessThan(100_000);
  });
});
