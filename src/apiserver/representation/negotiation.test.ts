import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregatedConversions } from '../discovery/aggregated-discovery.ts';
import { StatusError } from '../status.ts';
import {
  accepts,
  discoveryOffer,
  isPretty,
  type MediaRange,
  negotiate,
  negotiateError,
  objectMediaTypes,
  parseAccept,
} from './negotiation.ts';

const objectOffer = { alsoProduces: ['application/json;stream=watch'], conversions: [] };
const aggregated = { ...discoveryOffer, conversions: aggregatedConversions };
const discovery = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

describe('negotiation', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['application/vnd.kubernetes.protobuf, */*', 'application/vnd.kubernetes.protobuf'],
    ['application/json;q=0.5,application/yaml', 'application/yaml'],
    ['application/*, application/json;q=0.1', 'application/json'],
    ['text/html, application/xml, */*;q=0.1', 'application/json'],
    ['application/json;charset=utf-8;stream=x', 'application/json'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/yaml', 'application/yaml'],
  ])('answers %j with %s', (accept, mediaType) => {
    expect(negotiate(accept, objectOffer)).toEqual({ mediaType, conversion: undefined });
  });

  it.each([
    [discovery('v2'), 'v2'],
    [`${discovery('v9')},${discovery('v2beta1')},application/json`, 'v2beta1'],
    ['application/json', undefined],
    [`${discovery('v9')},application/json`, undefined],
  ])('converts for %s', (accept, version) => {
    expect(negotiate(accept, aggregated).conversion?.version).toBe(version);
  });

  it.each([
    ['text/html', /^406: Not Acceptable\n\nAvailable representations: application\/json, /],
    ['application/*', /stream=watch$/],
    ['application/json;q=0', /^406: Not Acceptable/],
    [discovery('v2'), /^only the following media types are accepted: application\/json, /],
  ])('rejects %s', (accept, message) => {
    expect(() => negotiate(accept, objectOffer)).toThrow(StatusError);
    expect(() => negotiate(accept, objectOffer)).toThrow(message);
    expect(negotiateError(accept)).toBe('application/json');
  });

  it('writes errors as the client prefers, if the header can be parsed', () => {
    for (const type of objectMediaTypes) expect(negotiateError(type)).toBe(type);
    expect(negotiateError('application/yaml,'.repeat(1000))).toBe('application/json');
  });

  it('checks whether a single representation is acceptable', () => {
    expect(accepts(undefined, 'application/json')).toBe(true);
    expect(accepts('application/*', 'application/json')).toBe(true);
    expect(accepts('application/xml, */*;q=0', 'application/json')).toBe(false);
  });
});

describe('isPretty', () => {
  it.each([
    ['', 'kubectl/v1.35', false],
    ['', 'curl/8.5.0', true],
    ['', 'Wget/1.21', true],
    ['', 'Mozilla/5.0 (X11)', true],
    ['', undefined, false],
    ['pretty=true', undefined, true],
    ['pretty=1', undefined, true],
    ['pretty=0', 'curl/8.5.0', false],
    ['pretty=yes', 'curl/8.5.0', false],
    ['pretty=', 'curl/8.5.0', true],
  ])('for ?%s by %s is %s', (query, agent, expected) => {
    const headers = agent === undefined ? {} : { 'user-agent': agent };
    expect(isPretty({ headers }, new URLSearchParams(query))).toBe(expected);
  });
});

const texts = (header: string) =>
  parseAccept(header).map(
    ({ type, subtype, parameters }) =>
      `${type}/${subtype}${[...parameters].map(([name, value]) => `;${name}=${value}`).join('')}`,
  );

describe('an Accept header', () => {
  it.each([
    ['application/json', ['application/json']],
    [' Application/JSON ; Charset="UTF-8" ', ['application/json;charset=UTF-8']],
    ['a/b;q=0.1, c/d;q=0.9, e/f', ['e/f', 'c/d', 'a/b']],
    ['*/*, a/*, a/b', ['a/b', 'a/*', '*/*']],
    ['a/b;q=0, c/d', ['c/d']],
    ['a/b;q=0.000', []],
    ['a/b;q=high, c/d;q=0.5', ['a/b', 'c/d']],
    ['a/b;x="1,2;3\\"4"', ['a/b;x=1,2;3"4']],
    ['json, */json, a/b/c, , /, a/b', ['a/b']],
    ['a/b;novalue;=x;v=1', ['a/b;v=1']],
    ['', []],
    ['"', []],
  ])('%j has the ranges %j', (header, expected) => {
    expect(texts(header)).toEqual(expected);
  });

  it('is rejected if it is too long', () => {
    const longest = 'a/b,'.repeat(1024);
    expect(parseAccept(longest)).toHaveLength(1024);
    expect(() => parseAccept(`${longest},`)).toThrow(StatusError);
    expect(() => parseAccept(`${longest},`)).toThrow(
      'Accept: expected at most 4096 characters, got 4097',
    );
  });

  it('is cached if it is short', () => {
    const longest = 'a/b,'.repeat(128);
    expect(parseAccept(longest)).toBe(parseAccept(longest));
    expect(parseAccept(`${longest},`)).not.toBe(parseAccept(`${longest},`));
  });

  const token = fc.stringMatching(/^[a-z0-9.+-]{1,12}$/);
  const range = fc.record({
    type: token,
    subtype: token,
    parameters: fc.dictionary(
      token.filter((name) => name !== 'q'),
      fc.string({ unit: 'binary' }),
      {
        maxKeys: 3,
      },
    ),
    thousandths: fc.integer({ min: 1, max: 1000 }),
  });

  it('has the ranges that were written, with any quoted values, the best first', () => {
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const header = ranges
          .map(({ type, subtype, parameters, thousandths }) => {
            const written = Object.entries(parameters).map(
              ([name, value]) => `;${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`,
            );
            return `${type}/${subtype}${written.join('')};q=${thousandths / 1000}`;
          })
          .join(' , ');
        const expected = ranges
          .toSorted((a, b) => b.thousandths - a.thousandths)
          .map(
            ({ type, subtype, parameters, thousandths }): MediaRange => ({
              type,
              subtype,
              parameters: new Map(Object.entries(parameters)),
              quality: thousandths / 1000,
            }),
          );
        expect(parseAccept(header)).toEqual(expected);
      }),
    );
  });

  it('can be any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (header) => {
        for (const { quality, type, subtype } of parseAccept(header)) {
          expect(quality).toBeGreaterThan(0);
          expect(quality).toBeLessThanOrEqual(1);
          expect(type === '*' && subtype !== '*').toBe(false);
        }
      }),
    );
  });
});
