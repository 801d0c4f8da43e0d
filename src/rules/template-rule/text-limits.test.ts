import { describe, expect, it } from 'vitest';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { readConfiguration } from '../../sources/file/configuration.ts';

const options = {
  mapper: builtinResourceMapper(),
  checkPromql: true,
  unknownResource: 'error',
} as const;

function rules(fields: { seriesQuery?: string; resources?: string; as?: string }): string {
  const overrides = '{overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}';
  return `rules:
- seriesQuery: '${fields.seriesQuery ?? 'up{pod!=""}'}'
  resources: ${fields.resources ?? overrides}
  name: {as: '${fields.as ?? 'up'}'}
  metricsQuery: 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
`;
}

const labels = Array.from({ length: 1001 }, (_, index) => `label_${index}: {resource: pod}`);

describe('a text of a rule that is too long', () => {
  it.each([
    [
      'seriesQuery',
      rules({ seriesQuery: `up{job=~"${'a|'.repeat(500_000)}"}` }),
      '2:16: error: rules[0].seriesQuery: the text has 1000011 characters, expected at most 16384',
    ],
    [
      'name.as',
      rules({ as: '$0'.repeat(600) }),
      '4:14: error: rules[0].name.as: the text has 1200 characters, expected at most 1024',
    ],
    [
      'resources.template',
      rules({ resources: `{template: '<<.Resource>>${'a'.repeat(1012)}'}` }),
      '3:25: error: rules[0].resources.template: the text has 1025 characters, expected at most 1024',
    ],
    [
      'the name of a resource',
      rules({ resources: `{overrides: {pod: {resource: ${'a'.repeat(1025)}}}}` }),
      '3:43: error: rules[0].resources.overrides.pod.resource: the text has 1025 characters, expected at most 1024',
    ],
    [
      'the group of a resource',
      rules({ resources: `{overrides: {pod: {group: ${'a'.repeat(1025)}, resource: pod}}}` }),
      '3:40: error: rules[0].resources.overrides.pod.group: the text has 1025 characters, expected at most 1024',
    ],
    [
      'the number of overrides',
      rules({ resources: `{overrides: {${labels.join(', ')}}}` }),
      '3:26: error: rules[0].resources.overrides: there are 1001 overrides, expected at most 1000: use `template`',
    ],
  ])('is one error with the limit: %s', (_, text, expected) => {
    const { configuration, faults } = readConfiguration('f', text, options);
    expect(configuration).toBeUndefined();
    expect(
      faults.map(
        ({ line, column, severity, field, message }) =>
          `${line}:${column}: ${severity}: ${field}: ${message}`,
      ),
    ).toEqual([expected]);
  });

  it('is a label of an override', () => {
    const label = 'a'.repeat(1025);
    const text = rules({ resources: `{overrides: {? ${label}\n : {resource: pod}}}` });
    const { faults } = readConfiguration('f', text, options);
    expect(faults).toMatchObject([
      {
        severity: 'error',
        field: `rules[0].resources.overrides.${label}`,
        message: expect.stringContaining('1025 characters'),
      },
    ]);
  });

  it('is the label of the container of a resource rule', () => {
    const resource = `
    containerQuery: 'sum(x{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
    nodeQuery: 'sum(x{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
    resources: {overrides: {namespace: {resource: namespace}, node: {resource: node}, pod: {resource: pod}}}
    containerLabel: `;
    const label = 'a'.repeat(1025);
    const text = `resourceRules:
  cpu:${resource}${label}
  memory:${resource}container
  window: 1m
`;
    const { faults } = readConfiguration('f', text, options);
    expect(faults.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'resourceRules.cpu.containerLabel: the text has 1025 characters, expected at most 1024',
    ]);
  });

  it('does not include as many overrides as the limit', () => {
    const text = rules({ resources: `{overrides: {${labels.slice(1).join(', ')}}}` });
    const { faults } = readConfiguration('f', text, options);
    expect(faults.filter(({ message }) => message.includes('overrides, expected'))).toEqual([]);
  });

  it('does not include texts at the limit', () => {
    const seriesQuery = `up{pod!="",job="${'a'.repeat(16 * 1024 - 18)}"}`;
    const as = 'a'.repeat(1024);
    const { configuration } = readConfiguration('f', rules({ seriesQuery, as }), options);
    expect(configuration?.custom).toHaveLength(1);
  });
});
