import { describe, expect, test } from 'vitest';
import type { QueryAnswer } from '../query.ts';
import { readLabels, readNames, readQueryAnswer } from './answer.ts';

function vector(...samples: readonly unknown[]): QueryAnswer {
  return readQueryAnswer({ resultType: 'vector', result: samples });
}

function readValue(text: unknown): number | undefined {
  const answer = vector({ metric: {}, value: [0, text] });
  return answer.type === 'vector' ? [...answer.samples][0]?.value : undefined;
}

describe('readQueryAnswer', () => {
  test('a vector keeps its order, labels and times', () => {
    const answer = vector(
      { metric: { __name__: 'up', pod: 'b' }, value: [1700000000.123, '1'] },
      { metric: { pod: 'a' }, value: [1700000000, '-0.5'] },
    );
    expect(answer).toEqual({
      type: 'vector',
      samples: [
        { labels: { __name__: 'up', pod: 'b' }, value: 1, timestamp: 1700000000.123 },
        { labels: { pod: 'a' }, value: -0.5, timestamp: 1700000000 },
      ],
    });
  });

  test('the other types', () => {
    expect(readQueryAnswer({ resultType: 'scalar', result: [1, '2'] })).toEqual({
      type: 'scalar',
      value: 2,
      timestamp: 1,
    });
    expect(readQueryAnswer({ resultType: 'string', result: [1, 'x'] })).toEqual({ type: 'string' });
    expect(readQueryAnswer({ resultType: 'matrix', result: [{}] })).toEqual({ type: 'matrix' });
  });

  test.each([
    ['0', 0],
    ['1e+06', 1_000_000],
    ['1.', 1],
    ['.5', 0.5],
    ['9007199254740993', 9007199254740992],
    ['5e-324', 5e-324],
    ['NaN', Number.NaN],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
  ])('the value %s', (text, value) => {
    expect(readValue(text)).toBe(value);
  });

  test.each(['', ' ', '1 ', '0x10', '1e999', 'nan', 'Infinity', '1,5', '1_0', 1, null, ['1']])(
    'the value %j is rejected',
    (text) => {
      expect(() => readValue(text)).toThrow(/^in the response, data\.result\[0\]\.value/);
    },
  );

  test.each([
    [undefined, 'data is not an object'],
    [[], 'data is not an object'],
    [{}, 'data.resultType is not vector, scalar, matrix or string'],
    [{ resultType: 'streams', result: [] }, 'data.resultType is not'],
    [{ resultType: 'vector' }, 'data.result is not an array'],
    [{ resultType: 'vector', result: {} }, 'data.result is not an array'],
    [{ resultType: 'vector', result: [null] }, 'data.result[0] is not an object'],
    [{ resultType: 'vector', result: [{ value: [0, '1'] }] }, 'data.result[0].metric is not'],
    [
      { resultType: 'vector', result: [{ metric: { a: 1 }, value: [0, '1'] }] },
      'data.result[0].metric["a"] is not a string',
    ],
    [{ resultType: 'vector', result: [{ metric: {} }] }, 'data.result[0].value is not an array'],
    [
      { resultType: 'vector', result: [{ metric: {}, value: ['0', '1'] }] },
      'data.result[0].value[0] is not a time in seconds',
    ],
    [
      { resultType: 'vector', result: [{ metric: {}, value: [0, '1', '2'] }] },
      'data.result[0].value is not a time and a string',
    ],
    [{ resultType: 'scalar', result: [0] }, 'data.result is not a time and a string'],
    [{ resultType: 'string', result: 'x' }, 'data.result is not an array'],
    [{ resultType: 'matrix', result: 'x' }, 'data.result is not an array'],
  ])('%j is rejected', (data, problem) => {
    expect(() => readQueryAnswer(data)).toThrow(
      expect.objectContaining({ kind: 'bad_answer', message: expect.stringContaining(problem) }),
    );
  });

  test('native histograms are rejected', () => {
    const histogram = [1700000000, { count: '1', sum: '2', buckets: [] }];
    expect(() => vector({ metric: {}, histogram })).toThrow(
      expect.objectContaining({
        kind: 'bad_query',
        message: expect.stringContaining('native histograms'),
      }),
    );
  });
});

describe('readLabels', () => {
  test('any name is a label, and no other names exist', () => {
    const labels = readLabels(
      JSON.parse('{"__proto__": "a", "constructor": "b", "http.status": "c"}'),
      'metric',
    );
    expect(Object.entries(labels)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['http.status', 'c'],
    ]);
    expect(labels.toString).toBeUndefined();
  });
});

describe('readNames', () => {
  test('only a list of strings is accepted', () => {
    expect(readNames(['a', 'b'])).toEqual(['a', 'b']);
    expect(() => readNames(undefined)).toThrow('data is not an array');
    expect(() => readNames(['a', 1])).toThrow('data[1] is not a string');
  });
});
