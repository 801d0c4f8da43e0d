import { describe, expect, it } from 'vitest';
import { AGGREGATIONS, FUNCTIONS } from '../promql/syntax/functions.ts';
import { nearestName } from './nearest-name.ts';

const functions = [...FUNCTIONS.keys(), ...AGGREGATIONS.keys()];

describe('nearestName', () => {
  it.each([
    ['rat', 'rate'],
    ['raet', 'rate'],
    ['Rate', 'rate'],
    ['irat', 'irate'],
    ['incr', 'increase'],
    ['increese', 'increase'],
    ['summ', 'sum'],
    ['avg_overtime', 'avg_over_time'],
    ['histogram_quant', 'histogram_quantile'],
    ['hystogram_quantile', 'histogram_quantile'],
    ['topK', 'topk'],
  ])('suggests %s -> %s', (word, meant) => {
    expect(nearestName(word, functions)).toBe(meant);
  });

  it.each(['mean', 'percentile', 'x', 'per_second', '', 'a'.repeat(10_000)])(
    'suggests nothing for %.20s',
    (word) => {
      expect(nearestName(word, functions)).toBeUndefined();
    },
  );
});
