import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listPath } from './api-path.ts';

const pods = {
  group: '',
  version: 'v1',
  resource: 'pods',
  singular: 'pod',
  kind: 'Pod',
  namespaced: true,
};
const nodes = { ...pods, resource: 'nodes', singular: 'node', kind: 'Node', namespaced: false };

describe('listPath', () => {
  it.each([
    [pods, 'shop', '/api/v1/namespaces/shop/pods'],
    [pods, undefined, '/api/v1/pods'],
    [nodes, undefined, '/api/v1/nodes'],
    [
      { ...pods, group: 'cheese.io', resource: 'brands' },
      'a-1',
      '/apis/cheese.io/v1/namespaces/a-1/brands',
    ],
  ])('%# gives the path', (resource, namespace, path) => {
    expect(listPath(resource, namespace)).toBe(path);
  });

  it.each([
    '',
    '.',
    '..',
    '*',
    'a/b',
    'a%2fb',
    'Shop',
    'shop?',
    'shop#',
    '-a',
    'a-',
    'a.b',
    'é',
    'a'.repeat(64),
  ])('has none for the namespace "%s"', (namespace) => {
    expect(listPath(pods, namespace)).toBeUndefined();
  });

  it('has none for a root-scoped resource in a namespace', () => {
    expect(listPath(nodes, 'shop')).toBeUndefined();
  });

  it('returns a path that needs no escaping in a URL', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab-./%?#\\') })),
        (namespace) => {
          const path = listPath(pods, namespace);
          if (path === undefined) return;
          const url = new URL(`https://server${path}`);
          expect(url.pathname).toBe(`/api/v1/namespaces/${namespace}/pods`);
          expect(url.search + url.hash).toBe('');
        },
      ),
    );
  });
});
