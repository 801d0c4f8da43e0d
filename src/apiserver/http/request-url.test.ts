import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { parseRequestUrl } from './request-url.ts';

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
