import { describe, expect, it } from 'vitest';
import { aggregatedDocument, parseGroups } from '../../../test/golden/kubernetes-discovery.ts';
import { readData } from '../../../test/golden/recorded-cases.ts';
import { builtinResourceMapper, builtinResources } from './builtin-resources.ts';
import { parseAggregatedDiscovery } from './discovery-documents.ts';
import { createResourceMapper } from './resource-mapper.ts';

const CUSTOM = ['cheese.io', 'work.example.com'];

describe('builtinResources', () => {
  it('has the resources of a cluster without custom resources, by group', () => {
    const groups = parseGroups(readData('kube-discovery.json'));
    const document = aggregatedDocument(
      groups.filter(({ name }) => !CUSTOM.includes(name)),
      'v2',
    );
    const discovered = parseAggregatedDiscovery(document) ?? [];
    const listed = createResourceMapper(discovered.flatMap(({ resources }) => resources ?? []));
    const byGroup = (group: string, resources = builtinResources()) =>
      resources
        .filter((resource) => resource.group === group)
        .toSorted((one, other) => (one.resource < other.resource ? -1 : 1));

    const order = (resources: typeof listed.resources) => [
      ...new Set(resources.map(({ group }) => group)),
    ];
    expect(order(builtinResources())).toEqual(order(listed.resources));
    for (const group of order(listed.resources)) {
      expect(byGroup(group)).toEqual(byGroup(group, listed.resources));
    }
  });

  it('makes a mapper', () => {
    expect(builtinResourceMapper().find('apps', 'deployment')).toEqual({
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      singular: 'deployment',
      kind: 'Deployment',
      namespaced: true,
    });
    expect(builtinResourceMapper().find('', 'networkpolicy')?.resource).toBe('networkpolicies');
    expect(builtinResourceMapper().find('', 'nodes')?.namespaced).toBe(false);
    expect(builtinResourceMapper().find('cheese.io', 'brands')).toBeUndefined();
  });
});
