import { expect, it } from 'vitest';
import { builtinResourceMapper } from '../discovery/builtin-resources.ts';
import type { IndexedObject } from './indexed-objects.ts';
import { createObjectMetadata } from './metadata-lister.ts';

const found: readonly IndexedObject[] = [
  { namespace: 'shop', name: 'a', labels: {}, createdAt: undefined },
];

it.each([
  ['', 'pods', { fieldSelector: 'status.phase=Running' }],
  ['', 'nodes', {}],
  ['apps', 'deployments', {}],
])('of the group "%s" requests %s with %j', async (group, name, more) => {
  const asked: unknown[] = [];
  const metadata = createObjectMetadata({
    async objects(request) {
      asked.push(request);
      return found;
    },
  });
  const resource = builtinResourceMapper().find(group, name);
  if (resource === undefined) throw new Error(`expected ${name}`);
  const request = { resource, namespace: 'shop', selector: [] };
  expect(await metadata.list(request)).toBe(found);
  expect(asked).toEqual([{ ...request, ...more }]);
});

it('does not select running pods in another group', async () => {
  const asked: unknown[] = [];
  const metadata = createObjectMetadata({
    async objects({ fieldSelector }) {
      asked.push(fieldSelector);
      return [];
    },
  });
  const pods = builtinResourceMapper().find('', 'pods');
  if (pods === undefined) throw new Error('expected pods');
  const resource = { ...pods, group: 'pets.example' };
  await metadata.list({ resource, namespace: undefined, selector: [] });
  expect(asked).toEqual([undefined]);
});
