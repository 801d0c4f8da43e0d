import { describe, expect, it } from 'vitest';
import { RESOURCE_RULES } from '../../../test/fixtures/resource-rules.ts';
import { compiledRule, compileWithFaults } from '../../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../../apimachinery/label-selector-parser.ts';
import { quotedKeyOf } from '../request-matchers.ts';
import { invalidMetricName } from './metric-name.ts';
import { compileResourceRules } from './template-rule.ts';

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

  it('requires `as` for several capture groups', () => {
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
    ['$12_rate', 1],
  ])('warns about group names in %s', (as, warnings) => {
    const { compiled, faults } = compileWithFaults({ matches: '^(.*)_total$', as });
    expect(compiled).toBeDefined();
    expect(faults.map(({ severity }) => severity)).toEqual(Array(warnings).fill('warning'));
  });

  it('reports incomplete filters', () => {
    const { faults } = compileWithFaults({ seriesFilters: [{ is: 'x', isNot: 'y' }, {}] });
    expect(faults.map(({ message }) => message)).toEqual([
      'a filter has either `is` or `isNot`, not both: write two filters',
      'a filter needs a regular expression in `is` or in `isNot`',
    ]);
  });

  it('reports the field of an invalid expression, and its fault', () => {
    const rule = { seriesFilters: [{ isNot: 'x' }, { isNot: '(' }] };
    const { compiled, faults } = compileWithFaults(rule);
    expect(compiled).toBeUndefined();
    expect(faults).toEqual([
      {
        severity: 'error',
        path: ['seriesFilters', 1, 'isNot'],
        message: expect.stringMatching(/^not a regular expression \(RE2 syntax\): missing/),
      },
    ]);
  });

  it('reports the place of a group name, and the advice', () => {
    const { faults } = compileWithFaults({ matches: '^(.*)_total$', as: 'x_$1_rate' });
    expect(faults).toEqual([
      {
        severity: 'warning',
        path: ['name', 'as'],
        offset: 2,
        message:
          '`$1_rate` is the group called "1_rate", which `matches` does not have, so it is empty: for group 1 write `${1}_rate`',
      },
    ]);
    expect(compileWithFaults({ matches: '^(?P<1_rate>.*)$', as: '$1_rate' }).faults).toEqual([]);
  });

  it.each([
    ['a/b', 1],
    ['${1}/b', 4],
    ['${1}_${2}/', 9],
    ['${1}', undefined],
    // Not a reference to a group: it is part of the name.
    ['x_${a/b}', 5],
  ])('reports a slash in the name %s', (as, offset) => {
    const { faults } = compileWithFaults({ matches: '^(.*)_(.*)$', as });
    expect(faults).toEqual(
      offset === undefined
        ? []
        : [
            {
              severity: 'broken',
              path: ['name', 'as'],
              offset,
              message: expect.stringContaining('"/" cannot be requested'),
            },
          ],
    );
  });

  it('reports why a name cannot be requested', () => {
    expect(['', 'a/b', 'a'].map(invalidMetricName)).toEqual([
      'it is empty',
      'it has a "/"',
      undefined,
    ]);
  });

  it('finds a key that needs quotes', () => {
    expect(quotedKeyOf(parseLabelSelector('a=b,app.kubernetes.io/name=x'))).toBe(
      'app.kubernetes.io/name',
    );
    expect(quotedKeyOf(parseLabelSelector('a=b,c_1'))).toBeUndefined();
  });

  it('trims the series query, so that equal ones are shared', () => {
    expect(compiledRule({ seriesQuery: ' up ' }).seriesQuery).toBe('up');
  });
});

describe('compileResourceRules', () => {
  const query = 'sum(x{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
  const rule = {
    containerQuery: query,
    nodeQuery: query,
    resources: { overrides: new Map(), template: 'kube_<<.Resource>>', namespaced: true },
    containerLabel: 'c',
  };

  function compiled(cpu: Partial<typeof rule>, memory: Partial<typeof rule> = {}) {
    const paths: string[] = [];
    const definition = { cpu: { ...rule, ...cpu }, memory: { ...rule, ...memory }, window: 5000 };
    const rules = compileResourceRules(definition, RESOURCE_RULES, 'promql', ({ path }) =>
      paths.push(path.join('.')),
    );
    return { rules, paths };
  }

  it('compiles both rules', () => {
    expect(compiled({ containerLabel: '' }).rules).toMatchObject({
      cpu: { containerQuery: { text: query }, nodeQuery: { text: query }, containerLabel: '' },
      memory: { containerLabel: 'c', resources: { readsOtherLabels: true } },
      window: 5000,
    });
  });

  it.each([
    [{ containerQuery: '<<' }, {}, ['cpu.containerQuery']],
    [{}, { nodeQuery: '<<' }, ['memory.nodeQuery']],
    [{}, { resources: { ...rule.resources, template: 'pod' } }, ['memory.resources.template']],
    [
      { containerQuery: '<<', nodeQuery: '<<' },
      { nodeQuery: '<<' },
      ['cpu.containerQuery', 'cpu.nodeQuery', 'memory.nodeQuery'],
    ],
  ])('reports each part that does not compile: %j, %j', (cpu, memory, paths) => {
    expect(compiled(cpu, memory)).toEqual({ rules: undefined, paths });
  });
});
