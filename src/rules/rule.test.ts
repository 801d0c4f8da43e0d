import { describe, expect, it } from 'vitest';
import { compiledRule, compileWithFaults } from '../../test/fixtures/rules.ts';

describe('compileRuleParts', () => {
  it('reports every error of a rule, each with its place', () => {
    const { compiled, faults } = compileWithFaults({
      seriesFilters: [{ is: '[a-' }, { is: 'x', isNot: 'y' }, {}],
      matches: '^(.*',
      template: 'pod',
      metricsQuery: '<<if>>',
    });
    expect(compiled).toBeUndefined();
    expect(faults.map(({ path, severity }) => [path.join('.'), severity])).toEqual([
      ['seriesFilters.0.is', 'error'],
      ['seriesFilters.1', 'error'],
      ['seriesFilters.2', 'error'],
      ['name.matches', 'error'],
      ['resources.template', 'error'],
      ['metricsQuery', 'error'],
    ]);
  });

  it('needs `as` for several capture groups', () => {
    const { faults } = compileWithFaults({ matches: '^(.*)_(.*)$' });
    expect(faults).toMatchObject([{ path: ['name'], message: expect.stringContaining('`as`') }]);
  });

  it('keeps a series that passes every filter', () => {
    const rule = compiledRule({ seriesFilters: [{ is: '^a' }, { isNot: 'z$' }] });
    expect(['ab', 'az', 'ba'].map(rule.matches)).toEqual([true, false, false]);
  });

  it('names a series by its capture group, or by the whole match', () => {
    expect(compiledRule({}).metricName('a_total')).toBe('a_total');
    expect(compiledRule({ matches: '^(.*)_total$' }).metricName('a_total')).toBe('a');
    expect(compiledRule({ matches: '^(.*)_total$' }).metricName('a_sum')).toBeUndefined();
    expect(compiledRule({ matches: '^(.*)_total$', as: '${1}_rate' }).metricName('a_total')).toBe(
      'a_rate',
    );
  });

  it.each([
    ['$1_rate', 1],
    ['x_$1_rate', 1],
    ['${1}_rate', 0],
    ['$1-rate', 0],
    ['$$1_rate', 0],
    ['$$$1_rate', 1],
  ])('warns of text that %s swallows', (as, warnings) => {
    const { compiled, faults } = compileWithFaults({ matches: '^(.*)_total$', as });
    expect(compiled).toBeDefined();
    expect(faults.map(({ severity }) => severity)).toEqual(Array(warnings).fill('warning'));
  });

  it('takes white space off the series query, so that it is shared', () => {
    expect(compiledRule({ seriesQuery: ' up ' }).seriesQuery).toBe('up');
  });
});
