import { describe, expect, it } from 'vitest';
import { RESOURCE_RULES } from '../../../test/fixtures/resource-rules.ts';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { qualifiedName } from '../../apimachinery/cluster-resource.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { compileResourceRules } from '../template-rule/template-rule.ts';
import {
  containerRequest,
  describedResources,
  exampleRequest,
  labelOfCore,
  nodeRequest,
  otherResources,
} from './example-request.ts';

const mapper = builtinResourceMapper();
const NAMES = { series: 's', namespace: 'ns-1', objects: ['o-1', 'o-2'] };
const STAND_IN = { namespace: 'standin_namespace', object: 'standin_object' };
const PODS = { ns: 'namespace', pod: 'pod' };

type Rule = Parameters<typeof compiledRule>[0];

describe('the resources of a rule', () => {
  const described = (rule: Rule) =>
    describedResources(compiledRule(rule).resources, mapper).map(qualifiedName);
  const others = (rule: Rule, query = '') =>
    otherResources(compiledRule(rule).resources, query, mapper).map(qualifiedName);

  it('are those of the overrides, each once, and namespaces if there are no others', () => {
    expect(described({ overrides: { ...PODS, pods: 'pods', svc: 'service', x: 'podz' } })).toEqual([
      'pods',
      'services',
    ]);
    expect(described({ overrides: { ns: 'namespace' } })).toEqual(['namespaces']);
    expect(described({})).toEqual([]);
  });

  it('are pods if there is a template and no override for another resource', () => {
    const template = 'kube_<<.Resource>>';
    expect(described({ template })).toEqual(['pods']);
    expect(described({ template, overrides: { ns: 'namespace' } })).toEqual(['pods']);
    expect(described({ template, overrides: { svc: 'service' } })).toEqual(['services']);
  });

  it('include others', () => {
    expect(others({ overrides: PODS })).toEqual(['namespaces']);
    expect(others({ overrides: { ns: 'namespace' } })).toEqual([]);
    const template = 'kube_<<.Resource>>';
    const [unnamed, ...rest] = others({ template });
    expect(unnamed).toBeDefined();
    expect(unnamed).not.toBe('pods');
    expect(rest).toEqual([]);
    // Named resources come first, and one other last.
    const found = others({ template }, 'sum(x) by (kube_service, kube_pod, kube_job)');
    expect(found.slice(0, -1).toSorted()).toEqual(['jobs.batch', 'services']);
    expect(['pods', 'jobs.batch', 'services']).not.toContain(found.at(-1));
    expect(others({ template, overrides: PODS }, '')).toContain('namespaces');
  });
});

describe('labelOfCore', () => {
  it('is the label of a resource of the core group', () => {
    const { resources } = compiledRule({ overrides: PODS });
    expect(labelOfCore('namespaces', resources, mapper)).toBe('ns');
    expect(labelOfCore('nodes', resources, mapper)).toBeUndefined();
    expect(labelOfCore('podz', resources, mapper)).toBeUndefined();
  });
});

describe('exampleRequest', () => {
  const request = (
    rule: Rule,
    name: string | undefined,
    kind: 'custom' | 'external' = 'custom',
    standIn?: typeof STAND_IN,
  ) => {
    const resource = name === undefined ? undefined : mapper.find('', name);
    return exampleRequest(compiledRule(rule, kind), resource, mapper, NAMES, standIn);
  };
  const base = { series: 's', selector: [] };
  const namespace = { label: 'ns', value: 'ns-1' };

  it('is for objects, in their namespace if they have one', () => {
    const objects = { label: 'pod', names: ['o-1', 'o-2'] };
    expect(request({ overrides: PODS }, 'pods')).toEqual({
      ...base,
      namespace,
      objects,
      groupBy: ['pod'],
    });
    expect(request({ overrides: { ...PODS, host: 'node' } }, 'nodes')).toEqual({
      ...base,
      objects: { ...objects, label: 'host' },
      groupBy: ['host'],
    });
    expect(request({ overrides: { pod: 'pod' } }, 'pods')).toEqual({
      ...base,
      objects,
      groupBy: ['pod'],
    });
    expect(request({}, undefined)).toEqual({ ...base, groupBy: [] });
  });

  it('has placeholders for missing labels', () => {
    expect(request({}, undefined, 'custom', STAND_IN)).toEqual({
      ...base,
      namespace: { label: 'standin_namespace', value: 'ns-1' },
      objects: { label: 'standin_object', names: NAMES.objects },
      groupBy: ['standin_object'],
    });
    expect(request({ overrides: PODS }, 'pods', 'custom', STAND_IN)).toEqual(
      request({ overrides: PODS }, 'pods'),
    );
  });

  it('is for a namespace if the metric is external', () => {
    const groupBy: string[] = [];
    expect(request({ overrides: PODS }, 'pods', 'external')).toEqual({
      ...base,
      namespace,
      groupBy,
    });
    expect(request({ overrides: PODS, namespaced: false }, undefined, 'external')).toEqual({
      ...base,
      groupBy,
    });
    expect(request({}, undefined, 'external')).toEqual({ ...base, groupBy });
  });
});

describe('requests of resource rules', () => {
  function compiled(overrides: Readonly<Record<string, string>>, containerLabel = 'c') {
    const references = Object.entries(overrides).map(
      ([label, resource]) => [label, { group: '', resource }] as const,
    );
    const rule = {
      containerQuery: 'x',
      nodeQuery: 'x',
      resources: { overrides: new Map(references), template: '', namespaced: true },
      containerLabel,
    };
    const rules = compileResourceRules(
      { cpu: rule, memory: rule, window: 0 },
      RESOURCE_RULES,
      'promql',
      () => {
        throw new Error('does not compile');
      },
    );
    if (rules === undefined) throw new Error('does not compile');
    return rules.cpu;
  }
  const base = { series: 's', selector: [] };
  const namespace = { label: 'ns', value: 'ns-1' };

  it('are grouped by pod and container', () => {
    const objects = { label: 'pod', names: NAMES.objects };
    expect(containerRequest(compiled(PODS), mapper, NAMES)).toEqual({
      ...base,
      namespace,
      objects,
      groupBy: ['pod', 'c'],
    });
    expect(containerRequest(compiled(PODS, ''), mapper, NAMES).groupBy).toEqual(['pod']);
    expect(containerRequest(compiled({}), mapper, NAMES)).toEqual({ ...base, groupBy: ['c'] });
  });

  it('are grouped by node', () => {
    const objects = { label: 'host', names: NAMES.objects };
    expect(nodeRequest(compiled({ ...PODS, host: 'node' }), mapper, NAMES)).toEqual({
      ...base,
      objects,
      groupBy: ['host'],
    });
    expect(nodeRequest(compiled(PODS), mapper, NAMES)).toEqual({ ...base, groupBy: [] });
  });
});
