import { describe, expect, it } from 'vitest';
import { deadAlternative } from './dead-alternative.ts';

describe('deadAlternative', () => {
  it.each([
    ['sum by (pod) (x) or vector(0)', 'vector'],
    ['sum by (pod) (x) or on () vector(0)', 'vector'],
    ['vector(0) or sum by (pod) (x)', 'vector'],
    ['sum by (pod) (rate(x[1m]) or vector(0))', 'vector'],
    ['sum by (pod) (x) or sum(y)', 'sum'],
    ['clamp_min(x or vector(0), 1)', 'vector'],
    ['2 * (x or vector(0))', 'vector'],
    ['y / on (pod) (x or vector(1))', 'vector'],
    ['(x or vector(0)) * on (node) group_left () y', 'vector'],
    ['x or vector(0)', 'vector'],
    ['x or (y or vector(0))', 'vector'],
    ['x or ignoring (pod) vector(0)', 'vector'],
    ['x * on (pod) group_left () (y or vector(0))', 'vector'],
    ['x or (vector(0) or y)', 'vector'],
    ['(x or vector(0)) or y', 'vector'],
    ['-(x or vector(0))', 'vector'],
    ['max_over_time((x or vector(0))[5m:1m])', 'vector'],
    ['topk(1, x or vector(0))', 'vector'],
    ['(x or vector(0)) and y', 'vector'],
    ['(x or vector(0)) unless y', 'vector'],
    ['(x or vector(0)) * ignoring (node) y', 'vector'],
    ['y * ignoring (node) (x or vector(0))', 'vector'],
    ['(x or vector(0)) * ignoring (pod) group_left () y', 'vector'],
    ['y * on (node) group_right () (x or vector(0))', 'vector'],
    ['x * on (node) group_left (pod) (y or vector(0))', 'vector'],
    ['y * on (pod) group_right () (x or vector(0))', 'vector'],
    // The label comes from elsewhere, or everything has lost it.
    ['x / on () group_left () (sum(y) or vector(1))', undefined],
    ['x * on (node) group_left () (y or vector(1))', undefined],
    ['x and on () (sum(y) or vector(1))', undefined],
    ['sum(x) or vector(0)', undefined],
    ['x > scalar(sum(y) or vector(0))', undefined],
    ['x or y', undefined],
    ['sum by (pod) (x) or clamp_max(absent(x{pod="a"}), 0)', undefined],
    ['x or unknown_function(1)', undefined],
    ['x and (y or vector(0))', undefined],
    ['x unless (y or vector(0))', undefined],
    ['(x or vector(0)) * on (node) group_right () y', undefined],
    ['(x or vector(0)) * on (node) group_left (pod) y', undefined],
    ['x * ignoring (pod) group_left () (y or vector(0))', undefined],
    ['scalar(x or vector(0))', undefined],
    ['(x or vector(0))[5m:1m]', undefined],
    ['sum(x or vector(0))', undefined],
    ['x or', undefined],
  ])('of %s is %s', (text, word) => {
    const found = deadAlternative(text, 'pod');
    expect(found && text.slice(found.from, found.to)).toBe(word);
  });
});
