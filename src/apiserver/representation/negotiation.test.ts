import { describe, expect, it } from 'vitest';
import { aggregatedConversions } from '../discovery/aggregated-discovery.ts';
import { StatusError } from '../status.ts';
import {
  accepts,
  discoveryOffer,
  isPretty,
  negotiate,
  negotiateError,
  objectMediaTypes,
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
