import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RedirectableRequest, redirected } from './redirect.ts';

const get: RedirectableRequest = {
  method: 'GET',
  url: 'http://prometheus:9090/api/v1/query?query=up',
  form: undefined,
};
const post: RedirectableRequest = {
  method: 'POST',
  url: 'http://prometheus:9090/api/v1/query?tenant=a',
  form: new URLSearchParams({ query: 'up' }),
};

describe('a redirect', () => {
  it.each([301, 302, 307, 308])('%d keeps the method and the form', (status) => {
    const location = '/prometheus/api/v1/query?query=up';
    expect(redirected(get, status, location)).toEqual({
      method: 'GET',
      url: 'http://prometheus:9090/prometheus/api/v1/query?query=up',
      form: undefined,
    });
    expect(redirected(post, status, '/p/api/v1/query?tenant=a')).toEqual({
      ...post,
      url: 'http://prometheus:9090/p/api/v1/query?tenant=a',
    });
  });

  it('303 changes the method to GET', () => {
    expect(redirected(post, 303, 'answers/1')).toEqual({
      method: 'GET',
      url: 'http://prometheus:9090/api/v1/answers/1',
      form: undefined,
    });
  });

  it.each([
    ['another scheme', 'https://prometheus:9090/'],
    ['another host', 'http://other:9090/'],
    ['another host without a scheme', '//other:9090/'],
    ['another port', 'http://prometheus:9091/'],
    ['the default port', 'http://prometheus/'],
    ['a host that looks like ours', 'http://prometheus:9090@other/'],
    ['no URL', 'http://:x'],
    ['a script', 'javascript:alert(1)'],
  ])('to %s is not followed', (_, location) => {
    expect(redirected(get, 302, location)).toBeUndefined();
  });

  it('takes no credentials from the location', () => {
    expect(redirected(get, 302, 'http://user:secret@prometheus:9090/a#b')?.url).toBe(
      'http://prometheus:9090/a',
    );
  });

  it('needs a redirect status and a location', () => {
    for (const status of [200, 300, 304, 305, 400, 500]) {
      expect(redirected(get, status, '/a')).toBeUndefined();
    }
    expect(redirected(get, 302, undefined)).toBeUndefined();
  });

  it('never leaves the origin, for any location', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.webPath()), (location) => {
        const next = redirected(get, 302, location);
        return next === undefined || new URL(next.url).origin === 'http://prometheus:9090';
      }),
    );
  });
});
