import { describe, expect, it } from 'vitest';
import { KubernetesError, kindOfStatus, messageOf, toKubernetesError } from './kubernetes-error.ts';

describe('KubernetesError', () => {
  it.each([
    [200, 'bad_answer'],
    [399, 'bad_answer'],
    [400, 'rejected'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [409, 'rejected'],
    [410, 'gone'],
    [429, 'server_error'],
    [499, 'rejected'],
    [500, 'server_error'],
    [599, 'server_error'],
  ])('of status %i is %s', (status, kind) => {
    expect(kindOfStatus(status)).toBe(kind);
  });

  it('has the status and the cause, if any', () => {
    const cause = new Error('no route');
    const error = new KubernetesError('gone', 'too old', { status: 410, cause });
    expect([error.kind, error.message, error.status, error.cause]).toEqual([
      ...['gone', 'too old', 410],
      cause,
    ]);
    const plain = new KubernetesError('canceled', 'canceled');
    expect(plain.status).toBeUndefined();
    expect('cause' in plain).toBe(false);
  });

  it('wraps any other error, and is not wrapped again', () => {
    const error = new KubernetesError('gone', 'too old');
    expect(toKubernetesError('reading', error)).toBe(error);
    const cause = new TypeError('not a function');
    expect(toKubernetesError('reading', cause)).toMatchObject({
      kind: 'bad_answer',
      message: 'reading failed: not a function',
      cause,
    });
    expect(messageOf('text')).toBe('text');
  });
});
