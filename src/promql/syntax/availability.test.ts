import { describe, expect, it } from 'vitest';
import {
  type Availability,
  BEFORE_3,
  decisiveLimits,
  describeLimit,
  EVERY,
  NEWER,
  SINCE_2_53,
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
  ])('describes %j', (availability, words) => {
    expect(describeLimit({ offset: 0, end: 1, construct: 'it', availability })).toBe(words);
  });
});

describe('decisiveLimits', () => {
  const experimental: Availability = {
    versions: ['3.5'],
    feature: 'promql-experimental-functions',
  };
  const duration: Availability = { versions: ['3.5'], feature: 'promql-duration-expr' };

  it.each<[string, readonly Availability[], readonly string[]]>([
    ['the same releases', [SINCE_3_5, SINCE_3_5], ['0 and 1']],
    ['stricter ones', [SINCE_2_53, SINCE_3_5, SINCE_2_53], ['1']],
    ['a feature', [SINCE_3_5, experimental, SINCE_2_53], ['1']],
    ['two features', [duration, experimental], ['0', '1']],
    ['a newer release', [duration, experimental, NEWER], ['2']],
    ['releases without one in common', [BEFORE_3, SINCE_3_5], ['0', '1']],
    ['every release', [EVERY, SINCE_3_5], ['0', '1']],
    ['none', [], []],
  ])('of %s', (_, availabilities, constructs) => {
    const limits = availabilities.map((availability, index) => ({
      offset: index,
      end: index + 1,
      construct: String(index),
      availability,
    }));
    expect(decisiveLimits(limits).map(({ construct }) => construct)).toEqual(constructs);
  });
});
