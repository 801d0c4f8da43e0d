import { describe, expect, it } from 'vitest';
import { builtinResources } from '../../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../../kubernetes/discovery/resource-mapper.ts';
import type { RuleFault } from '../fault.ts';
import { compileLabelTemplate } from './label-template.ts';

const mapper = createResourceMapper(builtinResources());
const pods = mapper.find('', 'pods');

function faultsOf(text: string): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  expect(compileLabelTemplate(text, (fault) => faults.push(fault))).toBeUndefined();
  return faults;
}

describe('compileLabelTemplate', () => {
  it.each([
    ['pod', 'the template must contain `<<.Resource>>`'],
    ['k8s_<<.Group>>', 'the template must contain `<<.Resource>>`'],
    ['<<if eq .Resource "pod">>x<<end>>', 'the template gives an empty label'],
    ['(<<.Resource>>', 'the text around `<<.Resource>>` is not a regular expression: missing'],
  ])('rejects %s', (text, message) => {
    const path = ['resources', 'template'];
    const found = { severity: 'error', path, message: expect.stringContaining(message) };
    expect(faultsOf(text)).toEqual([found]);
    // The template is cached together with its errors.
    expect(faultsOf(text)).toEqual([found]);
  });

  it.each([
    ['kube_<<.Resource', 5],
    ['kube_<<.Name>>', 7],
  ])('reports the place of the fault in %s', (text, offset) => {
    expect(faultsOf(text)).toMatchObject([
      { severity: 'error', path: ['resources', 'template'], offset },
    ]);
  });

  it('writes and reads labels', () => {
    const template = compileLabelTemplate('k8s_<<.Group>>_<<.Resource>>', () => undefined);
    const policies = mapper.find('networking.k8s.io', 'networkpolicies');
    if (pods === undefined || policies === undefined) throw new Error('no such resource');
    expect(template?.write(pods)).toBe('k8s__pod');
    expect(template?.write(policies)).toBe('k8s_networking_k8s_io_networkpolicy');
    expect(template?.read('k8s__pod', mapper)).toBe(pods);
    expect(template?.read('k8s_networking_k8s_io_networkpolicy', mapper)).toBe(policies);
    expect(template?.read('k8s_networking_NetworkPolicies', mapper)).toBe(policies);
    for (const other of ['k8s__', 'k8s__widget', 'xk8s_apps_pod', 'pod', '']) {
      expect(template?.read(other, mapper), other).toBeUndefined();
    }
  });

  it('returns the first resource of the cluster for a label that several have', () => {
    const ofGroup = (group: string) => ({
      ...{ group, version: 'v1', resource: 'jobs', singular: 'job', kind: 'Job' },
      namespaced: true,
    });
    const own = [ofGroup('one.example.com'), ofGroup('two.example.com')];
    const template = compileLabelTemplate('kube_<<.Resource>>', () => undefined);
    for (const group of ['one.example.com', 'two.example.com']) {
      const cluster = createResourceMapper(group === own[0]?.group ? own : own.toReversed());
      expect(template?.read('kube_job', cluster)?.group).toBe(group);
    }
  });

  it('has no label for a resource for which the template fails', () => {
    const template = compileLabelTemplate(
      'kube_<<if eq .Resource "pod">><<index .Resource 99>><<end>><<.Resource>>',
      () => undefined,
    );
    if (pods === undefined) throw new Error('no such resource');
    expect(template?.write(pods)).toBeUndefined();
    expect(template?.read('kube_service', mapper)?.resource).toBe('services');
    // It can read labels that it does not write.
    expect(template?.read('kube_pod', mapper)).toBe(pods);
  });
});
