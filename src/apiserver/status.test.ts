import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { SelectorError } from '../apimachinery/selector-error.ts';
import { MetricsError, metricNotFound, ObjectNotFoundError } from '../metrics/metrics-error.ts';
import { unauthorized } from './authentication/unauthorized.ts';
import { forbidden } from './authorization/forbidden.ts';
import { retryAfterOf, serviceUnavailable, statusOf, tooManyRequests } from './status.ts';

const SECRET = 'http://prometheus.internal:9090 with token abc';

describe('statusOf', () => {
  it('tells nothing of what is inside, whatever was thrown', () => {
    const cause = new Error(SECRET);
    const thrown = fc.oneof(
      fc.anything(),
      fc.constantFrom<unknown>(
        cause,
        SECRET,
        new TypeError(SECRET),
        new AggregateError([cause], SECRET),
        Object.assign(new Error(SECRET), { name: 'StatusError', code: 200, status: 200 }),
        new MetricsError('InternalError', 'unable to fetch metrics', { cause }),
        new MetricsError('NotFound', 'no such metric', { cause }),
        unauthorized([SECRET]),
      ),
    );
    fc.assert(
      fc.property(thrown, (error) => {
        const status = statusOf(error);
        expect(JSON.stringify(status)).not.toContain('internal:9090');
        expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure' });
        expect(status.code).toBeGreaterThanOrEqual(400);
      }),
    );
    expect(statusOf(cause)).toMatchObject({
      code: 500,
      reason: 'InternalError',
      message:
        'Internal error occurred: the request could not be served; the log of the adapter says why',
    });
  });

  it.each([
    [new MetricsError('NotFound', 'no such metric'), 404, 'NotFound', 'no such metric'],
    [new MetricsError('BadRequest', 'no selector'), 400, 'BadRequest', 'no selector'],
    [
      new MetricsError('InternalError', 'unable to fetch metrics'),
      500,
      'InternalError',
      'Internal error occurred: unable to fetch metrics',
    ],
    [new SelectorError('unable to parse'), 400, 'BadRequest', 'unable to parse'],
    [new ObjectNotFoundError('', 'pods', 'web-0'), 404, 'NotFound', 'pods "web-0" not found'],
    [unauthorized(['expired']), 401, 'Unauthorized', 'Unauthorized'],
  ])('tells of %s what the client can mend', (error, code, reason, message) => {
    expect(statusOf(error)).toMatchObject({ code, reason, message });
  });

  it('is short, however long the texts of the request are', () => {
    const long = 'a'.repeat(60_000);
    const cut = `${'a'.repeat(200)}…`;
    const user = { name: long, groups: [], extra: new Map() };
    const path = { isResource: false, verb: 'get', path: `/${long}` } as const;
    const resource = {
      isResource: true,
      verb: 'get',
      group: long,
      version: long,
      namespace: long,
      resource: long,
      name: long,
      subresource: long,
    } as const;
    expect(statusOf(forbidden(user, path, '')).message).toBe(
      `forbidden: User "${cut}" cannot get path "/${cut.slice(1)}"`,
    );
    expect(statusOf(forbidden(user, resource, '')).details).toEqual({
      name: cut,
      group: cut,
      kind: cut,
    });
    expect(statusOf(new ObjectNotFoundError('', 'pods', long)).details).toMatchObject({
      name: cut,
    });
    expect(statusOf(metricNotFound(long, 'pods')).message).toBe(
      `the server could not find the metric ${cut} for pods`,
    );
    for (const error of [forbidden(user, resource, long), new SelectorError(long)]) {
      expect(statusOf(error).message.length).toBeLessThan(2100);
    }
    for (const selector of [`a=${long}`, `${long}=a`, `a ${long}`, `a in (${long})`]) {
      expect(() => parseLabelSelector(selector)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^.{1,1000}$/s) }),
      );
    }
  });

  it('says what was not found', () => {
    const { details } = statusOf(new ObjectNotFoundError('metrics.k8s.io', 'podmetrics', 'a/b'));
    expect(details).toEqual({ name: 'a/b', group: 'metrics.k8s.io', kind: 'podmetrics' });
  });
});

describe('retryAfterOf', () => {
  it('is known where it may be better later', () => {
    expect(retryAfterOf(statusOf(tooManyRequests(1)))).toBe(1);
    expect(retryAfterOf(statusOf(serviceUnavailable('not yet', 3)))).toBe(3);
    expect(retryAfterOf(statusOf(new Error('never')))).toBeUndefined();
  });
});
