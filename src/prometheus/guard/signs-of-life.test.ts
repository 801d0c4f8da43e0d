import { describe, expect, it } from 'vitest';
import {
  PrometheusError,
  type PrometheusErrorDetails,
  type PrometheusErrorKind,
} from '../client/errors.ts';
import { isSignOfDeath, isSignOfLife } from './signs-of-life.ts';

type Failure = readonly [kind: PrometheusErrorKind, details: PrometheusErrorDetails];

function signOf([kind, details]: Failure): string {
  const error = new PrometheusError(kind, 'failed', details);
  const signs = [isSignOfDeath(error) && 'death', isSignOfLife(error) && 'life'];
  return signs.filter((sign) => sign !== false).join(' and ');
}

describe('a failed request', () => {
  it.each<Failure>([
    ['unreachable', {}],
    ['unavailable', { status: 502 }],
    ['unavailable', { status: 503 }],
    ['unavailable', { status: 503, errorType: 'unavailable' }],
    ['timeout', { status: 504 }],
  ])('%s %o is a sign of death', (...failure) => {
    expect(signOf(failure)).toBe('death');
  });

  it.each<Failure>([
    ['bad_query', { status: 422, errorType: 'execution' }],
    ['timeout', { status: 503, errorType: 'timeout' }],
    ['unavailable', { status: 429 }],
    ['unavailable', { status: 500, errorType: 'internal' }],
    ['unauthorized', { status: 401 }],
    ['bad_answer', { status: 404 }],
    ['too_large', {}],
  ])('%s %o is a sign of life', (...failure) => {
    expect(signOf(failure)).toBe('life');
  });

  it.each<Failure>([
    ['timeout', {}],
    ['canceled', {}],
    // There were no credentials to send anything with.
    ['unauthorized', {}],
  ])('%s %o says nothing', (...failure) => {
    expect(signOf(failure)).toBe('');
  });
});
