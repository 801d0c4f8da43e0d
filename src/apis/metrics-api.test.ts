import { describe, expect, it } from 'vitest';
import { MetricsError, metricNotFound, ObjectNotFoundError } from '../metrics/metrics-error.ts';
import { metricsErrorStatus } from './metrics-api.ts';

const cause = new Error('http://prometheus.internal:9090 with token abc');

describe('metricsErrorStatus', () => {
  it.each([
    [new MetricsError('NotFound', 'no such metric', { cause }), 404, 'NotFound', 'no such metric'],
    [new MetricsError('BadRequest', 'no selector'), 400, 'BadRequest', 'no selector'],
    [
      new MetricsError('InternalError', 'unable to fetch metrics', { cause }),
      500,
      'InternalError',
      'Internal error occurred: unable to fetch metrics',
    ],
    [new ObjectNotFoundError('', 'pods', 'web-0'), 404, 'NotFound', 'pods "web-0" not found'],
  ])('maps %s without its cause', (error, code, reason, message) => {
    const status = metricsErrorStatus(error);
    expect(status).toMatchObject({ kind: 'Status', code, reason, message });
    expect(JSON.stringify(status)).not.toContain('internal:9090');
  });

  it('truncates long texts of the request', () => {
    const long = 'a'.repeat(60_000);
    const cut = `${'a'.repeat(200)}…`;
    const notFound = metricsErrorStatus(new ObjectNotFoundError('', 'pods', long));
    expect(notFound?.details).toMatchObject({ name: cut });
    expect(metricsErrorStatus(metricNotFound(long, 'pods'))?.message).toBe(
      `the server could not find the metric ${cut} for pods`,
    );
  });

  it('names the object that was not found', () => {
    const error = new ObjectNotFoundError('metrics.k8s.io', 'podmetrics', 'a/b');
    expect(metricsErrorStatus(error)?.details).toEqual({
      name: 'a/b',
      group: 'metrics.k8s.io',
      kind: 'podmetrics',
    });
  });

  it('leaves other errors to the server', () => {
    expect(metricsErrorStatus(cause)).toBeUndefined();
    expect(metricsErrorStatus('NotFound')).toBeUndefined();
  });
});
