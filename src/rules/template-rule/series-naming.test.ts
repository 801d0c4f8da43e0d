import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { seriesNaming } from './series-naming.ts';

describe('filters and names', () => {
  const rule = compiledRule({
    matches: '^(a|c)',
    as: '${0}_${1}',
    seriesFilters: [{ isNot: 'cc' }],
  });

  it.each([
    ['a', 'a_a'],
    ['cc', { excludedBy: 'series_filters' }],
    ['b', { excludedBy: 'name_matches' }],
  ])('of the series %s', (series, expected) => {
    expect(rule.namingOf(series)).toEqual(expected);
  });

  it.each([
    ['', 'it is empty'],
    ['a/b', 'it has a "/"'],
  ])('excludes the metric name %j, which no request can name', (as, why) => {
    const matches = as === '' ? 'u(x?)p' : '';
    const named = compiledRule({ matches, as: as === '' ? '$1' : as });
    expect(named.namingOf('up')).toEqual({ series: 'up', name: as, why });
  });
});

describe('a series whose name needs quotes', () => {
  const quoted = 'http-requests';

  const namingBy = (metricsQuery: string, kind: 'custom' | 'external') =>
    compiledRule({ metricsQuery }, kind).namingOf(quoted);

  const leftOut = {
    series: quoted,
    name: quoted,
    why: expect.stringContaining('needs quotes in PromQL'),
  };

  it.each([
    ['custom', '<<slice .Series 0 4>>{<<.LabelMatchers>>}', leftOut],
    ['external', '<<slice .Series 0 4>>{<<.LabelMatchers>>}', leftOut],
    ['custom', '<<slice .Series 0 4>>{x="<<slice .GroupBy 0 3>>"}', leftOut],
    // These have no query for an external metric, which has no objects.
    ['external', '<<slice .Series 0 4>>{x="<<slice .GroupBy 0 3>>"}', quoted],
    ['custom', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 5>>"}', leftOut],
    ['external', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 5>>"}', quoted],
    // A template that has no query for a short name may have one for another name.
    ['custom', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 50>>"}', quoted],
  ] as const)('is left out if a %s rule writes it without quotes: %s', (kind, text, expected) => {
    expect(namingBy(text, kind)).toEqual(expected);
  });

  it('throws an error that is not a QueryError', () => {
    const rule = compiledRule({});
    const fault = new Error('out of luck');
    const query = {
      ...rule.query,
      for: () => {
        throw fault;
      },
    };
    const namingOf = seriesNaming({ ...rule, query });
    expect(() => namingOf(quoted)).toThrow(fault);
    expect(namingOf('plain')).toBe('plain');
  });
});
