import { describe, expect, it } from 'vitest';
import { requestInfo } from './request-info.ts';
import { parseRequestUrl } from './request-url.ts';

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
