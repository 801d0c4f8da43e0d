import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SelectorError } from '../apimachinery/label-selector.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { unauthorized } from './authentication/authenticator.ts';
import { forbidden } from './authorization/forbidden.ts';
import {
  ApiError,
  internalError,
  retryAfterOf,
  serviceUnavailable,
  statusOf,
  tooManyRequests,
} from './status.ts';

const SECRET = 'http://prometheus.internal:9090 with token abc';

describe('statusOf', () => {
  it('does not reveal internal details of any thrown value', () => {
    const cause = new Error(SECRET);
    const thrown = fc.oneof(
      fc.anything(),
      fc.constantFrom<unknown>(
        cause,
        SECRET,
        new TypeError(SECRET),
        new AggregateError([cause], SECRET),
        Object.assign(new Error(SECRET), { name: 'StatusError', code: 200, status: 200 }),
        new ApiError(internalError('unable to fetch metrics'), cause),
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
        'Internal error occurred: the request could not be served; see the log of the adapter',
    });
  });

  it.each([
    [
      new ApiError(internalError('unable to fetch metrics'), new Error(SECRET)),
      500,
      'InternalError',
      'Internal error occurred: unable to fetch metrics',
    ],
    [new SelectorError('unable to parse'), 400, 'BadRequest', 'unable to parse'],
    [unauthorized(['expired']), 401, 'Unauthorized', 'Unauthorized'],
  ])('shows %s to clients', (error, code, reason, message) => {
    expect(statusOf(error)).toMatchObject({ code, reason, message });
  });

  it('truncates long texts of the request', () => {
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
    for (const error of [forbidden(user, resource, long), new SelectorError(long)]) {
      expect(statusOf(error).message.length).toBeLessThan(2100);
    }
    for (const selector of [`a=${long}`, `${long}=a`, `a ${long}`, `a in (${long})`]) {
      expect(() => parseLabelSelector(selector)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^.{1,1000}$/s) }),
      );
    }
  });
});

describe('retryAfterOf', () => {
  it('is set if the client may retry', () => {
    expect(retryAfterOf(statusOf(tooManyRequests(1)))).toBe(1);
    expect(retryAfterOf(statusOf(serviceUnavailable('not yet', 3)))).toBe(3);
    expect(retryAfterOf(statusOf(new Error('never')))).toBeUndefined();
  });
});
