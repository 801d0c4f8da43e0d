import { describe, expect, it } from 'vitest';
import { distinguishingLabels } from './distinguishing-labels.ts';

const WANTED = new Set(['pod', 'namespace']);

function labelsOf(text: string): string | undefined {
  const labels = distinguishingLabels(text, WANTED);
  return labels === undefined || labels === 'any' ? labels : [...labels].sort().join();
}

describe('distinguishingLabels', () => {
  it.each([
    ['x', 'any'],
    ['rate(x[1m])', 'any'],
    ['sum(x)', ''],
    ['sum by (pod) (x)', 'pod'],
    ['sum by (pod, code) (x)', 'code,pod'],
    ['max by (pod, node) (sum by (pod) (x))', 'pod'],
    ['sum without (code) (sum by (pod, code) (x))', 'pod'],
    ['sum without (code) (sum by (pod) (x))', 'pod'],
    ['topk(1, x)', ''],
    ['topk(1, x) by (pod)', 'pod'],
    ['topk(3, x)', 'any'],
    ['topk(3, sum by (pod) (x))', 'pod'],
    ['count_values by (pod) ("v", x)', 'pod,v'],
    ['absent(x{pod="a"})', ''],
    ['vector(1)', ''],
    ['hour()', ''],
    ['histogram_quantile(0.9, sum by (le, pod) (rate(x[1m])))', 'pod'],
    ['max_over_time(sum by (pod) (x)[5m:1m])', 'pod'],
    ['-(sum by (pod) (x)) * 2', 'pod'],
    ['2 * sum by (pod) (x)', 'pod'],
    ['sum by (pod) (x) / sum by (pod) (y)', 'pod'],
    ['sum by (pod) (x) / on (pod) y', 'pod'],
    ['x / on (pod) y', 'pod'],
    ['x / y', 'any'],
    ['x / ignoring (code) sum by (pod) (y)', 'pod'],
    ['x * on (pod) group_left (node) y', 'any'],
    ['sum by (pod) (x) * on (pod) group_left (node) y', 'pod'],
    ['y * on (pod) group_right sum by (pod) (x)', 'pod'],
    ['sum by (pod) (x) and y', 'pod'],
    ['sum by (pod) (x) unless on (pod) y', 'pod'],
    ['sum by (pod) (x) or sum by (pod) (y)', 'pod'],
    ['sum by (pod) (x) or sum by (namespace, pod) (y)', 'any'],
    ['sum by (pod) (x) or on (pod) sum by (namespace, pod) (y)', 'namespace,pod'],
    ['sum by (pod) (x) or 0 * y', 'any'],
    ['sum by (pod) (x) or on (pod) 0 * sum by (pod, node) (y)', 'node,pod'],
    ['sum by (pod) (x) or clamp_max(absent(y{pod="a"}), 0)', 'pod'],
    ['sum by (pod) (x) or vector(0)', 'pod'],
    ['label_replace(sum by (node) (x), "pod", "$1", "node", "(.*)")', 'pod'],
    ['label_replace(sum by (pod) (x), "zone", "$1", "pod", "(.*)")', 'pod'],
    ['label_replace(sum by (pod) (x), "pod", "a", "", "")', 'any'],
    ['label_join(sum by (a, b) (x), "pod", "-", "a", "b")', 'pod'],
    // Of these nothing is known.
    ['unknown_function(x)', undefined],
    ['sum without (code) (x)', undefined],
    ['sum(', undefined],
    ['1', undefined],
  ])('of %s are %s', (text, labels) => {
    expect(labelsOf(text)).toBe(labels);
  });
});
