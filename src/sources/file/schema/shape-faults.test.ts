import { describe, expect, it } from 'vitest';
import { parseDocument } from '../yaml/document.ts';
import { formatPath } from './located-value.ts';
import { readBySchema } from './read-by-schema.ts';
import { rulesFileSchema } from './schema.ts';
import { findShapeFaults } from './shape-faults.ts';

function faultsOf(text: string): readonly string[] {
  const { root } = parseDocument(text);
  const located = root && readBySchema(root, rulesFileSchema, () => {});
  if (located === undefined) throw new Error('expected something in the file');
  return findShapeFaults(located).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

describe('findShapeFaults', () => {
  it.each([
    ['rules: [{seriesFilters: [{isnot: x}]}]', 'isnot', 'did you mean "isNot"?'],
    ['Rules: []', 'Rules', 'did you mean "rules"?'],
    ['rules: [{metricQuery: x}]', 'metricQuery', 'did you mean "metricsQuery"?'],
    ['rules: [{name: {match: x}}]', 'match', 'did you mean "matches"?'],
    ['rules: [{as: x}]', 'as', 'did you mean "name.as"?'],
    ['rules: [{overrides: {}}]', 'overrides', 'did you mean "resources.overrides"?'],
    [
      'rules: [{colour: x}]',
      'colour',
      'expected one of seriesQuery, seriesFilters, resources, name',
    ],
    ['resourceRules: {disk: {}}', 'disk', 'expected one of cpu, memory, window'],
    ['{__proto__: 1}', '__proto__', 'expected one of rules'],
    ['rules: [{resources: {overrides: {x/y~z: {vers: 1}}}}]', 'vers', 'group, resource'],
  ])('suggests a field in %j', (text, name, hint) => {
    const [fault, ...others] = faultsOf(text);
    expect(others).toEqual([]);
    expect(fault).toContain(`unknown field ${JSON.stringify(name)}: `);
    expect(fault).toContain(hint);
  });

  it.each([
    ['[]', ': expected fields (name: value), found a list: write `rules:` above it'],
    ['rules: none', 'rules: expected a list (each item after a dash), found the text "none"'],
    ['rules: [[]]', 'rules[0]: expected fields such as {"seriesQuery"'],
    [
      'rules: [{seriesQuery: {a: b}}]',
      'rules[0].seriesQuery: expected text, found fields (name: value): a text that begins with { or [ needs quotes around it',
    ],
    [
      'rules: [{resources: {overrides: {"a.b": pod}}}]',
      'rules[0].resources.overrides["a.b"]: expected fields such as {"resource":"pod"}, found the text "pod"',
    ],
    [
      'rules: [{resources: {namespaced: "true"}}]',
      'rules[0].resources.namespaced: expected true or false without quotes, found the text "true"',
    ],
    [
      'rules: [{resources: {namespaced: 1}}]',
      'rules[0].resources.namespaced: expected true or false',
    ],
    ['resourceRules: 5', 'resourceRules: expected fields such as'],
  ])('reports the expected value in %j', (text, message) => {
    expect(faultsOf(text)).toEqual([expect.stringContaining(message)]);
  });

  it('recognizes a manifest of Kubernetes', () => {
    expect(faultsOf('apiVersion: v1')).toEqual([
      expect.stringContaining('a rules file is the text in the `data` of a ConfigMap'),
    ]);
  });

  it('reports all faults at once', () => {
    expect(faultsOf('rules: [{a: 1, name: {b: 1}}, {name: x}]\nc: 1\n')).toHaveLength(4);
  });

  it('does not report missing fields', () => {
    expect(faultsOf('rules: [{}]')).toEqual([]);
  });

  it('shortens the quoted text', () => {
    expect(faultsOf(`rules: ${'x'.repeat(1000)}`)[0]?.length).toBeLessThan(130);
  });

  it.each([
    [
      'rules: [{resources: {metricsQuery: x}}]',
      'rules[0].resources.metricsQuery: unknown field "metricsQuery": "metricsQuery" is indented too deep: it belongs at the level of "resources", in rules[0]',
    ],
    [
      'rules: [{resources: {overrides: {namespaced: false}}}]',
      'rules[0].resources.overrides.namespaced: expected fields such as {"resource":"pod"}, found false: "namespaced" is indented too deep: it belongs at the level of "overrides", in rules[0].resources',
    ],
    [
      'rules: [{resources: {overrides: {name: {as: x}}}}]',
      'rules[0].resources.overrides.name.as: unknown field "as": "name" is indented too deep: it belongs at the level of "resources", in rules[0]',
    ],
    [
      'rules: [{resourceRules: {}}]',
      'rules[0].resourceRules: unknown field "resourceRules": "resourceRules" is indented too deep: it belongs at the level of "rules", at the top level of the file',
    ],
    [
      'resourceRules: {cpu: {window: 1m}}',
      'resourceRules.cpu.window: unknown field "window": "window" is indented too deep: it belongs at the level of "cpu", in resourceRules',
    ],
  ])('suggests where a field that is indented too deep belongs: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('recognizes values of the Helm chart, and reports nothing else about them', () => {
    const message = "belongs to the Helm chart's values: use `check --helm-values FILE`";
    expect(faultsOf('{prometheus: {url: x}, rules: {custom: []}}')).toEqual([
      `rules: expected a list (each item after a dash), found fields (name: value): \`rules.custom\` ${message}`,
    ]);
    expect(faultsOf('rules: {default: false}')[0]).toContain(`\`rules.default\` ${message}`);
  });

  it('recognizes a list item without its dash', () => {
    for (const list of ['rules', 'externalRules']) {
      expect(faultsOf(`${list}:\n  seriesQuery: up\n  metricsQuery: up\n`)).toEqual([
        `${list}: expected a list (each item after a dash), found fields (name: value): an item begins with a dash, write \`- seriesQuery: ...\``,
      ]);
    }
  });
});
