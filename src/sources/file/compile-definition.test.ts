import { expect, it } from 'vitest';
import { turnsDuring } from '../../../test/fixtures/event-loop-turns.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { compileDefinition, definitionOf } from './compile-definition.ts';
import { readConfiguration } from './configuration.ts';

const ORIGIN = { source: 'file', file: 'f', line: 1, field: 'rules[0]' } as const;

const TEXT = `
rules:
- seriesQuery: 'http_requests_total{pod!=""}'
  seriesFilters: [{isNot: _bucket$}]
  resources: {overrides: {namespace: {resource: namespace}}, template: 'kube_<<.Resource>>'}
  name: {matches: '^(.*)_total$', as: '\${1}_per_second'}
  metricsQuery: 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[2m])) by (<<.GroupBy>>)'
externalRules:
- seriesQuery: queue_length
  resources: {namespaced: false}
  metricsQuery: '<<.Series>>'
resourceRules:
  cpu: &rule
    containerQuery: 'sum by (<<.GroupBy>>) (usage{<<.LabelMatchers>>,container!="",container!="POD"})'
    nodeQuery: 'sum by (<<.GroupBy>>) (node_usage{<<.LabelMatchers>>})'
    resources: {overrides: {node: {resource: node}, namespace: {resource: namespace}, pod: {resource: pod}}}
    containerLabel: container
  memory: *rule
  window: 5m
`;

it('compiles the definitions of another thread', async () => {
  const mapper = builtinResourceMapper();
  const options = { mapper, checkPromql: true, unknownResource: 'error' } as const;
  const { configuration, faults } = readConfiguration('f', TEXT, options);
  expect(faults).toEqual([]);
  if (configuration === undefined) throw new Error('refused');
  const compiled = await compileDefinition(structuredClone(definitionOf(configuration)), 'promql');
  expect(definitionOf(compiled)).toEqual(definitionOf(configuration));
  const [rule] = compiled.custom;
  expect(rule?.origin).toEqual({ source: 'file', file: 'f', line: 3, field: 'rules[0]' });
  expect(compiled.external[0]?.origin).toMatchObject({ line: 9, field: 'externalRules[0]' });
  expect(compiled.resource?.origin).toMatchObject({ field: 'resourceRules' });
  expect(rule?.metricName('http_requests_total')).toBe('http_requests_per_second');
  expect(rule?.matches('http_requests_bucket')).toBe(false);
  expect(rule?.resources.describedBy(['kube_pod'], mapper)).toMatchObject([
    { label: 'kube_pod', resource: { resource: 'pods' } },
  ]);
  const request = { series: 'queue_length', selector: [], groupBy: [] };
  expect(compiled.external[0]?.query.for(request)).toBe('queue_length');
  expect(compiled.resource?.window).toBe(300_000);
});

it.each([
  ['a long query', { metricsQuery: '<<.Series>>+'.repeat(300) }],
  ['many filters', { seriesFilters: Array.from({ length: 300 }, () => ({ is: 'a', isNot: '' })) }],
])('compiles one rule in slices: %s', async (_, parts) => {
  const rule = {
    seriesQuery: 'x',
    seriesFilters: [],
    resources: { overrides: new Map(), template: '', namespaced: true },
    name: { matches: '', as: '' },
    sharing: true,
    metricsQuery: 'x',
    ...parts,
  };
  const custom = [{ definition: rule, origin: ORIGIN }];
  const definition = { custom, external: [], resource: undefined };
  const turns = await turnsDuring('fast', () => compileDefinition(definition, 'promql'));
  expect(turns).toBeGreaterThanOrEqual(300);
});

it('throws if a rule does not compile', async () => {
  const resources = { overrides: new Map(), template: '', namespaced: true };
  const name = { matches: '', as: '' };
  const rule = { seriesQuery: 'x', seriesFilters: [], resources, name, sharing: true };
  const custom = [{ definition: { ...rule, metricsQuery: '<<.Nope' }, origin: ORIGIN }];
  const definition = { custom, external: [], resource: undefined };
  await expect(compileDefinition(definition, 'promql')).rejects.toThrow('a rule does not compile');
});
