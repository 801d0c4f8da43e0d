import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupListDocument,
  parseGroups,
  resourceListDocument,
} from '../../../test/golden/kubernetes-discovery.ts';
import { readData } from '../../../test/golden/recorded-cases.ts';
import {
  parseAggregatedDiscovery,
  parseCoreVersions,
  parseGroupList,
  parseResourceList,
} from './discovery-documents.ts';

const groups = parseGroups(readData('kube-discovery.json'));
const named = groups.filter(({ name }) => name !== '');

describe('discovery documents', () => {
  it('are equivalent with and without aggregated discovery', () => {
    const oneByOne = (parseGroupList(groupListDocument(named)) ?? []).map((groupVersion) => {
      const group = named.find(({ name }) => name === groupVersion.group);
      const document = group && resourceListDocument(group, groupVersion.version);
      return {
        ...groupVersion,
        stale: false,
        resources: parseResourceList(groupVersion, document),
      };
    });
    expect(oneByOne.length).toBeGreaterThan(20);
    for (const version of ['v2', 'v2beta1'] as const) {
      expect(parseAggregatedDiscovery(aggregatedDocument(named, version))).toEqual(oneByOne);
    }
  });

  it('put the preferred version of a group first', () => {
    const document = {
      groups: [
        {
          name: 'autoscaling',
          versions: [{ version: 'v1' }, { version: 'v2' }, { version: 'v2beta2' }],
          preferredVersion: { version: 'v2' },
        },
      ],
    };
    expect(parseGroupList(document)?.map(({ version }) => version)).toEqual([
      'v2',
      'v1',
      'v2beta2',
    ]);
  });

  it('name the versions of the core group', () => {
    const [core] = groups;
    const document = core && apiVersionsDocument(core, '127.0.0.1:6443');
    expect(parseCoreVersions(document)).toEqual([{ group: '', version: 'v1' }]);
  });

  it('leave out subresources and names that Kubernetes does not allow', () => {
    const entry = { singularName: 'cat', kind: 'Cat', namespaced: true };
    const document = {
      resources: [
        { ...entry, name: 'cats' },
        { ...entry, name: 'cats/status' },
        { ...entry, name: '../secrets' },
        { ...entry, name: 'cats?' },
        { ...entry, name: 'dogs', kind: '' },
        null,
        'cats',
      ],
    };
    const found = parseResourceList({ group: 'a.b', version: 'v1' }, document);
    expect(found?.map(({ resource }) => resource)).toEqual(['cats']);
  });

  it('derive a singular name that is missing from the kind', () => {
    const document = {
      resources: [{ name: 'pods', singularName: '', kind: 'Pod', namespaced: true }],
    };
    expect(parseResourceList({ group: '', version: 'v1' }, document)).toMatchObject([
      { singular: 'pod' },
    ]);
  });

  it('mark an unavailable group', () => {
    const document = {
      kind: 'APIGroupDiscoveryList',
      items: [{ metadata: { name: 'a.b' }, versions: [{ version: 'v1', freshness: 'Stale' }] }],
    };
    expect(parseAggregatedDiscovery(document)).toEqual([
      { group: 'a.b', version: 'v1', stale: true, resources: undefined },
    ]);
  });

  it.each([
    parseAggregatedDiscovery,
    parseCoreVersions,
    parseGroupList,
    (document: unknown) => parseResourceList({ group: '', version: 'v1' }, document),
  ])('are parsed without an exception for any content (%#)', (parse) => {
    const keys = [
      'kind',
      'items',
      'versions',
      'groups',
      'resources',
      'metadata',
      'name',
      'version',
    ];
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('APIGroupDiscoveryList', 'v1', '', null, 1),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value')),
      ),
    }));
    fc.assert(
      fc.property(json.value, (document) => {
        const parsed = parse(document);
        expect(parsed === undefined || Array.isArray(parsed)).toBe(true);
      }),
    );
  });
});
