import { describe, expect, it } from 'vitest';
import { openEnvelope } from '../client/envelope.ts';
import {
  PrometheusError,
  type PrometheusErrorDetails,
  type PrometheusErrorKind,
  rejectedRequest,
} from '../errors.ts';
import { failureScope, indicatesOutage, indicatesResponse } from './failure-classification.ts';

/** The error for a response with this status and body. */
function failureOf(status: number, body: string): unknown {
  try {
    openEnvelope(Buffer.from(body), { status, location: undefined, redact: (text) => text });
  } catch (error) {
    return error;
  }
  throw new Error('not a failure');
}

const envelope = (errorType?: string) =>
  JSON.stringify({ status: 'error', errorType, error: 'the reason' });
const google = '{"error":{"code":400,"message":"duplicate series","status":"INVALID_ARGUMENT"}}';

describe('the scope of an error response', () => {
  it.each([
    ['Prometheus: execution', 422, envelope('execution'), 'query'],
    ['Prometheus: bad_data', 400, envelope('bad_data'), 'query'],
    ['Prometheus: the query timed out', 503, envelope('timeout'), 'query'],
    ['VictoriaMetrics', 422, envelope('422'), 'query'],
    ['VictoriaMetrics: bad request', 400, envelope('400'), 'query'],
    ['M3: no error type', 400, envelope(), 'query'],
    ['too large, in an envelope', 413, envelope('413'), 'query'],
    ["Google's shape", 400, google, 'unclear'],
    ['too large, from a proxy', 413, '<html>413</html>', 'unclear'],
    ['422 as text', 422, 'duplicate series', 'unclear'],
    ['403 as a page', 403, '<html>Forbidden</html>', 'unclear'],
    ['401', 401, 'Unauthorized', 'unclear'],
    ['404', 404, 'page not found', 'unclear'],
    ['406', 406, 'Not Acceptable', 'unclear'],
    ['429', 429, 'slow down', 'unclear'],
    ['429 of Prometheus', 429, envelope('too_many_requests'), 'unclear'],
    ['500', 500, envelope('internal'), 'unclear'],
    ['502', 502, '<html>Bad Gateway</html>', 'unclear'],
    ['504 of a proxy', 504, '', 'unclear'],
    ['503 of a proxy', 503, '', 'server'],
    ['503 of Prometheus that starts', 503, envelope('unavailable'), 'server'],
    ['503 of VictoriaMetrics', 503, envelope('503'), 'server'],
    ['a page in place of an answer', 200, '<html>', 'server'],
    ['a redirect', 302, '', 'server'],
  ])('%s', (_, status, body, scope) => {
    expect(failureScope(failureOf(status, body))).toBe(scope);
  });

  it('covers failures without a response', () => {
    expect(failureScope(new PrometheusError('unreachable', 'refused'))).toBe('server');
    expect(failureScope(new PrometheusError('canceled', 'gave up'))).toBe('server');
    expect(failureScope(new PrometheusError('timeout', 'no answer'))).toBe('query');
    expect(failureScope(new PrometheusError('too_large', 'too large'))).toBe('query');
    expect(failureScope(rejectedRequest('circuit_open', 'not sent'))).toBe('server');
    expect(failureScope(new TypeError('a fault'))).toBe('server');
  });
});

type Failure = readonly [kind: PrometheusErrorKind, details: PrometheusErrorDetails];

function indicationOf([kind, details]: Failure): string {
  const error = new PrometheusError(kind, 'failed', details);
  const found = [indicatesOutage(error) && 'outage', indicatesResponse(error) && 'response'];
  return found.filter((each) => each !== false).join(' and ');
}

describe('a failed request', () => {
  it.each<Failure>([
    ['unreachable', {}],
    ['unavailable', { status: 502 }],
    ['unavailable', { status: 503 }],
    ['unavailable', { status: 503, errorType: 'unavailable' }],
    ['timeout', { status: 504 }],
  ])('%s %o indicates an outage', (...failure) => {
    expect(indicationOf(failure)).toBe('outage');
  });

  it.each<Failure>([
    ['bad_query', { status: 422, errorType: 'execution' }],
    ['timeout', { status: 503, errorType: 'timeout' }],
    ['unavailable', { status: 429 }],
    ['unavailable', { status: 500, errorType: 'internal' }],
    ['unauthorized', { status: 401 }],
    ['bad_answer', { status: 404 }],
    ['too_large', {}],
  ])('%s %o shows that Prometheus responded', (...failure) => {
    expect(indicationOf(failure)).toBe('response');
  });

  it.each<Failure>([
    ['timeout', {}],
    ['canceled', {}],
    ['rejected', { rejection: 'queue_full' }],
    // Without credentials nothing was sent.
    ['unauthorized', {}],
  ])('%s %o indicates neither', (...failure) => {
    expect(indicationOf(failure)).toBe('');
  });
});
