import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { parseRequestUrl, requestInfo } from './request-info.ts';

describe('parseRequestUrl', () => {
  it('decodes the path as a whole before it is split', () => {
    expect(parseRequestUrl('/apis/a%2Fb/%2A/..//c').segments).toEqual([
      'apis',
      'a',
      'b',
      '*',
      '..',
      '',
      'c',
    ]);
  });

  it('ignores one slash at the end', () => {
    expect(parseRequestUrl('/apis/').segments).toEqual(['apis']);
    expect(parseRequestUrl('/apis//').segments).toEqual(['apis', '']);
    expect(parseRequestUrl('/').segments).toEqual(['']);
  });

  it('ignores the host of an absolute target', () => {
    expect(parseRequestUrl('https://10.0.0.1:6443/apis/a?b=c')).toEqual(
      parseRequestUrl('/apis/a?b=c'),
    );
    expect(parseRequestUrl('HTTPS://[::1/version').path).toBe('/version');
    expect(parseRequestUrl('/https://host/version').segments).toEqual([
      'https:',
      '',
      'host',
      'version',
    ]);
  });

  it('rejects a target without a path', () => {
    const targets = ['', '*', 'healthz', 'healthz/apis/a', '?a=/b', 'https://host', 'ftp://host/a'];
    for (const target of targets) expect(() => parseRequestUrl(target)).toThrow(/begins with \//);
  });

  it('rejects a path that is not UTF-8', () => {
    for (const target of ['/%', '/%zz', '/%ff', '/%ed%a0%80']) {
      expect(() => parseRequestUrl(target)).toThrow(StatusError);
    }
  });

  it('caches short targets, but not long ones', () => {
    const longest = `/apis?${'a&'.repeat(253)}`;
    expect(longest).toHaveLength(512);
    expect(parseRequestUrl(longest)).toBe(parseRequestUrl(longest));
    expect(parseRequestUrl(`${longest}b`)).not.toBe(parseRequestUrl(`${longest}b`));
  });

  it('returns any segments that were encoded', () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => !s.includes('/'));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const target = `/${segments.map(encodeURIComponent).join('/')}`;
        expect(parseRequestUrl(target).segments).toEqual(segments);
      }),
    );
  });
});

describe('requestInfo', () => {
  it.each([
    ['/version', 'GET', { isResource: false, verb: 'get', path: '/version' }],
    ['/apis/a/v1/', 'POST', { isResource: false, verb: 'post', path: '/apis/a/v1/' }],
    [
      '/apis/a/v1/nodes/n/load',
      'HEAD',
      { verb: 'get', namespace: '', resource: 'nodes', name: 'n' },
    ],
    ['/apis/a/v1/nodes', 'GET', { verb: 'list', resource: 'nodes', name: '', subresource: '' }],
    ['/apis/a/v1/nodes', 'DELETE', { verb: 'deletecollection' }],
    ['/apis/a/v1/nodes', 'BREW', { verb: '' }],
    ['/apis/a/v1/nodes', '__proto__', { verb: '' }],
    ['/apis/a/v1/nodes', 'constructor', { verb: '' }],
    ['/version', 'toString', { verb: 'tostring' }],
    [
      '/apis/a/v1/namespaces/shop',
      'GET',
      { namespace: 'shop', resource: 'namespaces', name: 'shop' },
    ],
    [
      '/apis/a/v1/namespaces/shop/pods/*/load',
      'GET',
      { verb: 'get', namespace: 'shop', resource: 'pods', name: '*', subresource: 'load' },
    ],
    [
      '/apis/a/v1/namespaces//pods/web-0/load',
      'GET',
      { namespace: '', resource: 'pods', name: 'web-0', subresource: 'load' },
    ],
  ])('derives the attributes of %s with %s', (target, method, expected) => {
    expect(requestInfo(method, parseRequestUrl(target))).toMatchObject(expected);
  });
});
