import { describe, expect, it } from 'vitest';
import { parseCustomMetricsPath } from './registration.ts';

describe('parseCustomMetricsPath', () => {
  const parse = (path: string) => parseCustomMetricsPath(path.split('/'));

  it('parses the four forms', () => {
    expect(parse('namespaces/shop/pods/cart-0/load')).toEqual({
      resource: 'pods',
      namespace: 'shop',
      name: 'cart-0',
      metric: 'load',
    });
    expect(parse('namespaces/shop/pods/*/load')).toMatchObject({ name: '*' });
    expect(parse('namespaces/shop/metrics/load')).toEqual({
      resource: 'namespaces',
      namespace: undefined,
      name: 'shop',
      metric: 'load',
    });
    expect(parse('nodes/*/load')).toEqual({
      resource: 'nodes',
      namespace: undefined,
      name: '*',
      metric: 'load',
    });
  });

  it('does not read an empty namespace as all namespaces', () => {
    expect(parse('namespaces//pods/cart-0/load')).toMatchObject({ namespace: undefined });
  });

  it('rejects every other form', () => {
    for (const path of ['', 'nodes', 'nodes/a', 'a/b/c/d', 'a/b/c/d/e', 'namespaces/a/b/c/d/e']) {
      expect(() => parse(path)).toThrow(/could not find the requested resource/);
    }
    expect(() => parse('namespaces/shop/load')).toThrow('invalid request path');
  });
});
