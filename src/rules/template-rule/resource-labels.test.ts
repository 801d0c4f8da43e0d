import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../../test/fixtures/rules.ts';
import { qualifiedName, type ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { builtinResources } from '../../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../../kubernetes/discovery/resource-mapper.ts';
import type { ResourceLabels } from './resource-labels.ts';

const mapper = createResourceMapper([
  ...builtinResources(),
  {
    group: 'work.example.com',
    version: 'v1',
    resource: 'jobs',
    singular: 'job',
    kind: 'Job',
    namespaced: true,
  },
]);

function described(
  resources: ResourceLabels,
  labels: readonly string[],
  cluster: ResourceMapper = mapper,
): Record<string, string> {
  return Object.fromEntries(
    resources
      .describedBy(labels, cluster)
      .map(({ label, resource }) => [qualifiedName(resource), label]),
  );
}

describe('resource labels', () => {
  it('associates by overrides, singular or plural', () => {
    const { resources } = compiledRule({ overrides: { ns: 'namespace', dep: 'deployments.apps' } });
    expect(described(resources, ['ns', 'dep', 'pod'])).toEqual({
      namespaces: 'ns',
      'deployments.apps': 'dep',
    });
  });

  it('prefers the first override in the file that the series has', () => {
    const { resources } = compiledRule({ overrides: { kube_pod: 'pod', pod: 'pod' } });
    expect(described(resources, ['pod', 'kube_pod'])).toEqual({ pods: 'kube_pod' });
    expect(described(resources, ['pod'])).toEqual({ pods: 'pod' });
  });

  it('reads labels of a template', () => {
    const { resources } = compiledRule({ template: 'kube_<<.Resource>>' });
    expect(described(resources, ['kube_pod', 'kube_widget', 'pod', 'kube_job'])).toEqual({
      pods: 'kube_pod',
      'jobs.batch': 'kube_job',
    });
  });

  it('reads plural and upper-case names, and prefers the label that it writes itself', () => {
    const { resources } = compiledRule({ template: 'kube_<<.Resource>>' });
    expect(described(resources, ['kube_pods'])).toEqual({ pods: 'kube_pods' });
    expect(described(resources, ['kube_Pod'])).toEqual({ pods: 'kube_Pod' });
    expect(described(resources, ['kube_Pod', 'kube_pod', 'kube_pods'])).toEqual({
      pods: 'kube_pod',
    });
  });

  it('reads dotted groups, core resources and prefixes of groups', () => {
    const { resources } = compiledRule({ template: 'k8s_<<.Group>>_<<.Resource>>' });
    expect(
      described(resources, [
        'k8s_networking_k8s_io_ingress',
        'k8s__pod',
        'k8s_app_deployment',
        'k8s_work_job',
      ]),
    ).toEqual({
      'ingresses.networking.k8s.io': 'k8s_networking_k8s_io_ingress',
      pods: 'k8s__pod',
      'deployments.apps': 'k8s_app_deployment',
      'jobs.work.example.com': 'k8s_work_job',
    });
  });

  it('does not read a label that an override names', () => {
    const { resources } = compiledRule({
      template: 'kube_<<.Resource>>',
      overrides: { kube_job: 'jobs.work.example.com' },
    });
    expect(described(resources, ['kube_job'])).toEqual({ 'jobs.work.example.com': 'kube_job' });
  });

  it('ignores an override for a resource that the cluster does not have (yet)', () => {
    const { resources } = compiledRule({ overrides: { job: 'jobs.work.example.com' } });
    expect(described(resources, ['job'], createResourceMapper(builtinResources()))).toEqual({});
    expect(described(resources, ['job'])).toEqual({ 'jobs.work.example.com': 'job' });
  });

  it('has a label for a resource: the first override, else that of the template', () => {
    const pods = mapper.find('', 'pods');
    const services = mapper.find('', 'services');
    if (pods === undefined || services === undefined) throw new Error('no such resource');
    const overrides = { ns: 'namespace', kube_pod: 'pod', pod: 'pod' };
    const plain = compiledRule({ overrides }).resources;
    expect(plain.labelOf(pods, mapper)).toBe('kube_pod');
    expect(plain.labelOf(services, mapper)).toBeUndefined();
    expect(plain.readsOtherLabels).toBe(false);
    const { resources } = compiledRule({ overrides, template: 'k_<<.Resource>>' });
    expect(resources.labelOf(pods, mapper)).toBe('kube_pod');
    expect(resources.labelOf(services, mapper)).toBe('k_service');
    expect(resources.readsOtherLabels).toBe(true);
    expect(described(resources, ['k_pod', 'k_service'])).toEqual({
      pods: 'k_pod',
      services: 'k_service',
    });
    expect(described(resources, ['k_pod', 'pod'])).toEqual({ pods: 'pod' });
  });

  it('prefers the first in alphabetical order of labels that the template would not write', () => {
    const { resources } = compiledRule({ template: 'kube_<<.Resource>>' });
    expect(described(resources, ['kube_pods', 'kube_PODS', 'kube_Pods'])).toEqual({
      pods: 'kube_PODS',
    });
  });

  it('reads every label that it writes', () => {
    const { resources } = compiledRule({ template: 'k8s_<<.Group>>_<<.Resource>>' });
    for (const resource of mapper.resources) {
      const label = resources.labelOf(resource, mapper);
      expect(label).toBeDefined();
      expect(Object.values(described(resources, [label ?? '']))).toEqual([label]);
    }
  });
});
