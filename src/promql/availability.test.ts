import { describe, expect, it } from 'vitest';
import {
  type Availability,
  BEFORE_3,
  describeLimit,
  EVERY,
  NEWER,
  SINCE_3_5,
} from './availability.ts';

describe('describeLimit', () => {
  const feature = 'promql-duration-expr';
  it.each<[Availability, string]>([
    [SINCE_3_5, 'it: Prometheus 3.5 accepts this, 2.42 and 2.53 do not'],
    [BEFORE_3, 'it: Prometheus 2.42 and 2.53 accept this, 3.5 does not'],
    [EVERY, 'it: Prometheus 2.42, 2.53 and 3.5 accept this'],
    [NEWER, 'it: Prometheus 2.42, 2.53 and 3.5 do not accept this, a newer release may'],
    [
      { versions: ['3.5'], feature },
      'it: Prometheus 3.5 accepts this only with --enable-feature=promql-duration-expr, 2.42 and 2.53 do not',
    ],
  ])('puts %j in words', (availability, words) => {
    expect(describeLimit({ offset: 0, end: 1, construct: 'it', availability })).toBe(words);
  });
});
