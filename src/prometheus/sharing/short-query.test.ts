import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { SHORT_STEPS } from '../../async/time-slices.ts';
import type { QueryRequest } from '../../rules/query.ts';
import { PrometheusError } from '../errors.ts';
import type { Sample } from '../query.ts';
import { longQueryError, requestedSamples, shortQuery } from './short-query.ts';

const shareable = 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})';

function pods(count: number, namespace = 'shop'): QueryRequest {
  return {
    series: 'x',
    selector: [],
    namespace: { label: 'namespace', value: namespace },
    objects: { label: 'pod', names: Array.from({ length: count }, (_, i) => `p${i}`) },
    groupBy: ['pod'],
  };
}

describe('shortQuery', () => {
  const { query } = compiledRule({ metricsQuery: shareable });
  const short = (request: QueryRequest) => shortQuery(query, request, query.for(request));

  it('is for all objects of the namespace if there are more than 100 names', () => {
    expect(short(pods(101))).toEqual({
      promql: 'sum by (pod) (x{namespace="shop",pod!=""})',
    });
    expect(short(pods(100))).toEqual({ promql: undefined, reason: undefined });
    const { objects: _, ...without } = pods(0);
    expect(short(without)).toEqual({ promql: undefined, reason: undefined });
  });

  it('distinguishes samples of one object by their part', () => {
    const request = { ...pods(101), groupBy: ['pod', 'container'] };
    const own = query.for(request);
    expect(shortQuery(query, request, own, ['container'])).toEqual({
      promql: 'sum by (pod,container) (x{namespace="shop",pod!=""})',
    });
    expect(shortQuery(query, { ...pods(101), groupBy: request.groupBy }, own)).toMatchObject({
      promql: undefined,
    });
  });

  it('has a reason if other objects would change the values', () => {
    const top = compiledRule({ metricsQuery: 'topk(1, x{<<.LabelMatchers>>})' }).query;
    const request = pods(101);
    expect(shortQuery(top, request, top.for(request))).toEqual({
      promql: undefined,
      reason: expect.stringMatching(/./),
    });
    expect(shortQuery(query, request, 'up')).toEqual({
      promql: undefined,
      reason: 'the template itself processes these names',
    });
  });

  it('is computed once for a list of names, and again for another query', () => {
    const request = pods(101);
    const first = short(request);
    expect(short({ ...request })).toBe(first);
    const elsewhere = { ...request, namespace: { label: 'namespace', value: 'bank' } };
    expect(short(elsewhere)).toEqual({
      promql: 'sum by (pod) (x{namespace="bank",pod!=""})',
    });
    const max = compiledRule({ metricsQuery: shareable.replace('sum', 'max') }).query;
    const own = query.for(request);
    short(request);
    expect(shortQuery(max, request, own).promql).toBeUndefined();
  });
});

describe('requestedSamples', () => {
  const sample = (labels: Sample['labels']): Sample => ({ labels, value: 1, timestamp: 1 });

  it('has the samples of the requested objects, in the order of the response', async () => {
    const samples = [{ pod: 'p1' }, { pod: 'p7' }, {}, { pod: 'p0' }].map(sample);
    expect(await requestedSamples(samples, pods(2))).toEqual([samples[0], samples[3]]);
    const { objects: _, ...without } = pods(0);
    expect(await requestedSamples([sample({ '': 'p1' }), sample({})], without)).toEqual([]);
  });

  it('pauses when its slice is over, and only then', async () => {
    const samples = Array.from({ length: 10 * SHORT_STEPS }, (_, i) => sample({ pod: `p${i}` }));
    const choose = () => requestedSamples(samples, pods(2));
    expect(await turnsDuring('still', choose)).toBe(0);
    expect(await turnsDuring('fast', choose)).toBe(9);
  });
});

it('explains the failure of a long query, with the kind of the failure', () => {
  const details = { status: 414, errorType: 'bad_data', detail: 'too long' };
  const refusal = new PrometheusError('bad_query', 'HTTP 414', details);
  const error = longQueryError('up', 101, 'it uses topk', refusal);
  expect(error).toMatchObject({ kind: 'bad_query', status: 414, errorType: 'bad_data' });
  expect(error.message).toMatch(
    /^HTTP 414: too long; the query has 2 characters because it names 101 objects\. .*: it uses topk\. /,
  );
});
