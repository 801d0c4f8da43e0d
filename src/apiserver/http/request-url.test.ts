import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCustomMetricsPath } from '../custom-metrics-path.ts';
import { StatusError } from '../status.ts';
import { parseListOptions } from './list-options.ts';
import { parseRequestUrl } from './request-url.ts';

describe('parseRequestUrl', () => {
  it('decodes the path as a whole and splits it then', () => {
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

  it('does not count one slash at the end', () => {
    expect(parseRequestUrl('/apis/').segments).toEqual(['apis']);
    expect(parseRequestUrl('/apis//').segments).toEqual(['apis', '']);
    expect(parseRequestUrl('/').segments).toEqual(['']);
  });

  it('does not look at the host of an absolute target', () => {
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

  it('refuses what has no path', () => {
    const targets = ['', '*', 'healthz', 'healthz/apis/a', '?a=/b', 'https://host', 'ftp://host/a'];
    for (const target of targets) expect(() => parseRequestUrl(target)).toThrow(/begins with \//);
  });

  it('refuses what is no UTF-8', () => {
    for (const target of ['/%', '/%zz', '/%ff', '/%ed%a0%80']) {
      expect(() => parseRequestUrl(target)).toThrow(StatusError);
    }
  });

  it('keeps what it reads of a short target: of a long one that could be much', () => {
    const longest = `/apis?${'a&'.repeat(253)}`;
    expect(longest).toHaveLength(512);
    expect(parseRequestUrl(longest)).toBe(parseRequestUrl(longest));
    expect(parseRequestUrl(`${longest}b`)).not.toBe(parseRequestUrl(`${longest}b`));
  });

  it('gives back any segments that were encoded', () => {
    const segment = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => !s.includes('/'));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const target = `/${segments.map(encodeURIComponent).join('/')}`;
        expect(parseRequestUrl(target).segments).toEqual(segments);
      }),
    );
  });
});

describe('parseCustomMetricsPath', () => {
  const parse = (path: string) => parseCustomMetricsPath(path.split('/'));

  it('knows the four forms', () => {
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

  it('never reads an empty namespace as all of them', () => {
    expect(parse('namespaces//pods/cart-0/load')).toMatchObject({ namespace: undefined });
  });

  it('refuses every other form', () => {
    for (const path of ['', 'nodes', 'nodes/a', 'a/b/c/d', 'a/b/c/d/e', 'namespaces/a/b/c/d/e']) {
      expect(() => parse(path)).toThrow(/could not find the requested resource/);
    }
    expect(() => parse('namespaces/shop/load')).toThrow('invalid request path');
  });
});

describe('parseListOptions', () => {
  const parse = (query: string, name?: string) =>
    parseListOptions(new URLSearchParams(query), name);

  it('takes the first of several', () => {
    expect(parse('labelSelector=a%3D1&labelSelector=b%3D2').labelSelector).toEqual([
      { key: 'a', operator: '=', values: ['1'] },
    ]);
  });

  it('takes a field selector for the name in the path only', () => {
    expect(() => parse('fieldSelector=metadata.name%3Da', 'a')).not.toThrow();
    expect(() => parse('fieldSelector=metadata.name%3Da', 'b')).toThrow(/doesn't match/);
    expect(() => parse('fieldSelector=metadata.name!%3Da', 'a')).toThrow(/not supported/);
    expect(() => parse('fieldSelector=status.phase%3DRunning', 'a')).toThrow(/metadata.name/);
    expect(() => parse('fieldSelector=x', 'a')).toThrow(/expected metadata.name/);
  });

  it('refuses selectors that would take long to read or to match', () => {
    const selector = (parameter: string, text: string) =>
      parse(String(new URLSearchParams({ [parameter]: text })));
    const keys = (count: number) => Array.from({ length: count }, (_, i) => `!key-${i}`).join(',');
    for (const parameter of ['labelSelector', 'metricLabelSelector']) {
      expect(() => selector(parameter, keys(256))).not.toThrow();
      expect(() => selector(parameter, keys(257))).toThrow(
        `${parameter}: expected at most 256 requirements, got 257`,
      );
    }
    for (const [parameter, most, tooMany] of [
      ['labelSelector', 8_000, 20_000],
      ['metricLabelSelector', 4_000, 5_000],
    ] as const) {
      expect(() => selector(parameter, `a in (${'b,'.repeat(most)}c)`)).not.toThrow();
      expect(() => selector(parameter, `a in (${'b,'.repeat(tooMany)}c)`)).toThrow(
        `${parameter}: expected at most ${parameter === 'labelSelector' ? 32_768 : 8_192} characters, got ${2 * tooMany + 8}`,
      );
    }
  });

  it('refuses a limit that is no number', () => {
    expect(() => parse('limit=1')).not.toThrow();
    expect(() => parse('limit=x')).toThrow('strconv.ParseInt: parsing "x": invalid syntax');
  });
});
