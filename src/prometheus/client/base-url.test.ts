import { describe, expect, test } from 'vitest';
import { parseBaseUrl } from './base-url.ts';

const PARAMETERS = new URLSearchParams({ query: 'a b' });

describe('parseBaseUrl', () => {
  test.each([
    ['http://prometheus:9090', 'http://prometheus:9090/api/v1/query?query=a+b'],
    ['http://prometheus:9090/', 'http://prometheus:9090/api/v1/query?query=a+b'],
    ['http://x/prefix', 'http://x/prefix/api/v1/query?query=a+b'],
    ['http://x/prefix/', 'http://x/prefix/api/v1/query?query=a+b'],
    ['https://x/a/b%20c//', 'https://x/a/b%20c/api/v1/query?query=a+b'],
    ['http://x?tenant=a', 'http://x/api/v1/query?tenant=a&query=a+b'],
    ['http://x/p/?tenant=a&tenant=b', 'http://x/p/api/v1/query?tenant=a&tenant=b&query=a+b'],
    ['http://x/#fragment', 'http://x/api/v1/query?query=a+b'],
    ['http://user:secret@x/p', 'http://x/p/api/v1/query?query=a+b'],
    ['http://[::1]:9090', 'http://[::1]:9090/api/v1/query?query=a+b'],
  ])('%s', (text, expected) => {
    expect(parseBaseUrl(text).resolve('/api/v1/query', PARAMETERS)).toBe(expected);
  });

  test('without parameters there is no question mark', () => {
    expect(parseBaseUrl('http://x').resolve('/api/v1/labels')).toBe('http://x/api/v1/labels');
    expect(parseBaseUrl('http://x?a=1').resolve('/p')).toBe('http://x/p?a=1');
  });

  test('a user name and a password become basic authentication', () => {
    expect(parseBaseUrl('http://me:p%40ss%3A%25@x').authorization).toBe(
      `Basic ${Buffer.from('me:p@ss:%').toString('base64')}`,
    );
    expect(parseBaseUrl('http://me:100%@x').authorization).toBe(
      `Basic ${Buffer.from('me:100%').toString('base64')}`,
    );
    expect(parseBaseUrl('http://x').authorization).toBeUndefined();
  });

  test.each(['', 'prometheus:9090', 'prometheus', 'ftp://x', 'http://', '//x', 'http://a b'])(
    '%j is refused',
    (text) => {
      expect(() => parseBaseUrl(text)).toThrow(
        'url: expected a URL that begins with http:// or https://',
      );
    },
  );
});
