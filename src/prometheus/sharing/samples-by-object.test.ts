import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { SHORT_STEPS } from '../../async/time-slices.ts';
import type { QueryRequest } from '../../rules/query.ts';
import { shareQuery } from '../../rules/shared-query.ts';
import type { QueryAnswer, Sample } from '../query.ts';
import { indexByObject, sampleBytes } from './samples-by-object.ts';

type Labels = Sample['labels'];

function request(names: readonly string[], namespace = 'shop'): QueryRequest {
  return {
    series: 'x',
    selector: [],
    namespace: { label: 'namespace', value: namespace },
    objects: { label: 'pod', names },
    groupBy: ['pod'],
  };
}

const { shared } = shareQuery(
  compiledRule({ metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})' }).query,
  request(['a']),
);

function index(...samples: readonly Labels[]) {
  if (shared === undefined) throw new Error('the query is not shared');
  const answer: QueryAnswer = {
    type: 'vector',
    samples: samples.map((labels, value) => ({ labels, value, timestamp: 1 })),
  };
  return indexByObject(answer, shared);
}

const a = { namespace: 'shop', pod: 'a' };

describe('indexByObject', () => {
  it('has the samples of the objects of one namespace, in the order of their names', async () => {
    const found = await index({ namespace: 'lab', pod: 'a' }, { namespace: 'shop', pod: 'b' }, a);
    const values = (asked: QueryRequest) => found?.of(asked).map(({ value }) => value);
    expect(found?.size).toBe(3);
    expect(values(request(['a', 'b', 'c']))).toEqual([2, 1]);
    expect(values(request(['a'], 'lab'))).toEqual([0]);
    expect(values(request(['a'], 'nowhere'))).toEqual([]);
  });

  it('is undefined if an object has two samples', async () => {
    expect(await index(a, { namespace: 'lab', pod: 'a' })).toBeDefined();
    expect(await index(a, { ...a, container: 'main' })).toBeUndefined();
    expect(
      await index({ ...a, container: 'main' }, { namespace: 'lab', pod: 'a' }, a),
    ).toBeUndefined();
  });

  it.each([[{ namespace: 'shop' }], [{ pod: 'a' }], [{}]] as const)(
    'is undefined if a sample lacks a label of its object: %j',
    async (labels) => {
      expect(await index({ namespace: 'shop', pod: 'b' }, labels)).toBeUndefined();
    },
  );

  it('is undefined if the result is not a vector', async () => {
    if (shared === undefined) throw new Error('the query is not shared');
    expect(await indexByObject({ type: 'scalar', value: 1, timestamp: 1 }, shared)).toBeUndefined();
  });

  it('has the samples of objects without a namespace, and none if none are requested', async () => {
    const nodes: QueryRequest = {
      series: 'x',
      selector: [],
      objects: { label: 'node', names: ['a'] },
      groupBy: ['node'],
    };
    const { shared } = shareQuery(
      compiledRule({ metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})' }).query,
      nodes,
    );
    if (shared === undefined) throw new Error('the query is not shared');
    const samples = [{ labels: { node: 'a' }, value: 1, timestamp: 1 }];
    const found = await indexByObject({ type: 'vector', samples }, shared);
    expect(found?.of(nodes)).toEqual(samples);
    const { objects: _, ...without } = nodes;
    expect(found?.of(without)).toEqual([]);
  });

  it('pauses when its slice is over, and only then', async () => {
    const labels = Array.from({ length: 10 * SHORT_STEPS }, (_, i) => ({
      namespace: 'shop',
      pod: `p${i}`,
    }));
    const make = () => index(...labels);
    expect(await turnsDuring('still', make)).toBe(0);
    expect(await turnsDuring('fast', make)).toBe(9);
  });
});

const labelled = (labels: Readonly<Record<string, string>>) => ({ labels, value: 1, timestamp: 2 });

it('counts the values of labels, two bytes for each character', () => {
  expect(sampleBytes([])).toBe(0);
  const short = sampleBytes([labelled({ pod: 'web-0', namespace: 'shop' })]);
  expect(sampleBytes([labelled({ pod: `web-0${'x'.repeat(100_000)}`, namespace: 'shop' })])).toBe(
    short + 200_000,
  );
  expect(short).toBe(140 + 2 * 40 + 2 * 'web-0shop'.length);
  expect(sampleBytes([labelled({}), labelled({})])).toBe(280);
});
