import { describe, expect, it } from 'vitest';
import {
  deviatingAnswer,
  expectationOf,
  isNoDeviation,
  parseExceptions,
  unusedSelectors,
  withValues,
} from './expectations.ts';
import type { GoldenCase, RecordedRequest } from './recorded-cases.ts';

function golden(request: Partial<RecordedRequest>, body: unknown = {}): GoldenCase {
  return {
    config: 'one',
    index: 0,
    recorded: {
      request: { method: 'GET', path: '/apis', ...request },
      status: 200,
      contentType: 'application/json',
      body,
      queries: ['q'],
    },
  };
}

const noDeviations = 'cases: []\nprometheusOrder: []';
const reason = 'reason: twenty characters at least';

function deviations(entry: string): string {
  return `cases: [${entry}]\nprometheusOrder: []`;
}

describe('parseExceptions', () => {
  it.each([
    ['a missing list', 'cases: []'],
    ['an unknown list', `${noDeviations}\npending: []`],
    ['a selector without a path', deviations(`{config: one, ${reason}, expect: {status: 200}}`)],
    ['an unknown field', deviations(`{paths: /b, path: /a, ${reason}, expect: {status: 200}}`)],
    ['a deviation without a reason', deviations('{path: /a, expect: {status: 200}}')],
    ['a deviation without a status', deviations(`{path: /a, ${reason}, expect: {values: ["1"]}}`)],
    [
      'an unknown expectation',
      deviations(`{path: /a, ${reason}, expect: {status: 200, message: m}}`),
    ],
  ])('refuses %s', (_what, yaml) => {
    expect(() => parseExceptions(yaml)).toThrow(/^deviations.yaml: .*(required|additional)/);
  });
});

describe('expectationOf', () => {
  it('is the recorded answer where no entry is about the case', () => {
    const exceptions = parseExceptions(noDeviations);
    expect(expectationOf(golden({}), exceptions)).toEqual({ kind: 'same' });
  });

  it.each([
    ['path: /apis', {}, true],
    ['path: [/a, /apis]', {}, true],
    ['path: /a', {}, false],
    ['path: /apis, config: one', {}, true],
    ['path: /apis, config: [two, three]', {}, false],
    ['path: /apis, config: two', {}, false],
    ['path: /apis, method: POST', {}, false],
    ['path: /apis, method: POST', { method: 'POST' }, true],
    // Absent fields of a selector mean the default of the recordings.
    ['path: /apis', { user: 'alice' }, false],
    ['path: /apis, user: [alice, anonymous]', { user: 'alice' }, true],
    ['path: /apis, user: alice', {}, false],
    ['path: /apis', { headers: { Accept: 'text/html' } }, false],
    ['path: /apis', { headers: { Accept: 'application/json' } }, true],
    ['path: /apis, accept: text/html', { headers: { Accept: 'text/html' } }, true],
    ['path: /apis, accept: text/html', {}, false],
  ] as const)('%s is about %j: %s', (selector, request, isAbout) => {
    const yaml = deviations(`{${selector}, ${reason}, expect: {status: 404}}`);
    const { kind } = expectationOf(golden(request), parseExceptions(yaml));
    expect(kind).toBe(isAbout ? 'deviating' : 'same');
  });

  it('refuses entries that contradict each other', () => {
    const deviation = `{path: /apis, ${reason}, expect: {status: 404}}`;
    const twice = parseExceptions(deviations(`${deviation}, ${deviation}`));
    expect(() => expectationOf(golden({}), twice)).toThrow('one #0 GET /apis: 2 entries');
    const both = parseExceptions(
      `cases: [${deviation}]\nprometheusOrder: [{config: one, path: /apis}]`,
    );
    expect(() => expectationOf(golden({}), both)).toThrow('2 entries');
  });
});

describe('unusedSelectors', () => {
  it('names every configuration and path of an entry that fits no case', () => {
    const exceptions = parseExceptions(
      `cases:
- {config: [one, two], path: [/apis, /gone], ${reason}, expect: {status: 404}}
- {path: /apis, user: alice, ${reason}, expect: {status: 404}}
prometheusOrder: [{config: one, path: /other}]`,
    );
    expect(unusedSelectors([golden({})], exceptions).map((text) => JSON.parse(text))).toEqual([
      { config: 'one', path: '/gone' },
      { config: 'two', path: '/apis' },
      { config: 'two', path: '/gone' },
      { path: '/apis', user: 'alice' },
      { config: 'one', path: '/other' },
    ]);
  });
});

describe('deviatingAnswer', () => {
  const list = { kind: 'MetricValueList', items: [{ name: 'a', value: '1' }, { name: 'b' }] };
  const resource = (name: string, namespaced: boolean) => ({
    name,
    singularName: '',
    namespaced,
    kind: 'MetricValueList',
    verbs: ['get'],
  });

  it('keeps the fields that are not given', () => {
    const answer = deviatingAnswer(golden({}, list), { status: 201 }, undefined);
    expect(answer).toMatchObject({ status: 201, body: list, queries: ['q'] });
    expect(deviatingAnswer(golden({}), { status: 200, queries: [] }, undefined)).toMatchObject({
      queries: [],
    });
  });

  it('makes a Status of an error', () => {
    const error = { reason: 'NotFound', message: 'm' };
    expect(deviatingAnswer(golden({}), { status: 404, error }, undefined).body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'm',
      reason: 'NotFound',
      code: 404,
    });
  });

  it('takes whole bodies, also null, and whole lists of items', () => {
    expect(deviatingAnswer(golden({}, list), { status: 200, body: null }, 1).body).toBe(null);
    expect(deviatingAnswer(golden({}, list), { status: 200, items: [1] }, 1).body).toEqual({
      kind: 'MetricValueList',
      items: [1],
    });
  });

  it('changes the values of items, each one', () => {
    const { body } = deviatingAnswer(golden({}, list), { status: 200, values: ['8', '9'] }, 1);
    expect(body).toMatchObject({
      items: [
        { name: 'a', value: '8' },
        { name: 'b', value: '9' },
      ],
    });
    expect(() => withValues(golden({}, list).recorded, ['8'])).toThrow('1 values for 2 items');
  });

  it('changes lists of resources', () => {
    const recorded = golden({}, { resources: [resource('a', true), resource('b', true)] });
    const changed = (resources: object) =>
      deviatingAnswer(recorded, { status: 200, resources }, undefined).body;
    expect(
      changed({ remove: ['a'], namespaced: { b: false }, add: [{ name: 'c', namespaced: true }] }),
    ).toEqual({ resources: [resource('b', false), resource('c', true)] });
    expect(() => changed({ remove: ['c'] })).toThrow('c is not in the recorded list');
    expect(() => changed({ namespaced: { c: true } })).toThrow('c is not in the recorded list');
    expect(() => changed({ add: [{ name: 'a', namespaced: true }] })).toThrow('a is in the');
  });

  it('holds fields against regular expressions as a whole', () => {
    const fields = { major: '\\d+', extra: '' };
    const bodyFor = (actual: unknown) =>
      deviatingAnswer(golden({}), { status: 200, fields }, actual).body;
    expect(bodyFor({ major: '12', extra: '', more: 1 })).toEqual({ major: '12', extra: '' });
    expect(bodyFor({ major: 'v12', extra: '' })).toEqual({
      major: 'text that fits \\d+',
      extra: '',
    });
    expect(bodyFor(null)).toMatchObject({ major: 'text that fits \\d+' });
  });
});

describe('isNoDeviation', () => {
  it('is true if the entry is equal to the recording', () => {
    const entry = (text: string) => {
      const [deviation] = parseExceptions(
        deviations(`{path: /apis, ${reason}, expect: ${text}}`),
      ).deviations;
      if (deviation === undefined) throw new Error('no deviation was read');
      return isNoDeviation(golden({}, { items: [{ value: '1' }] }), deviation);
    };
    expect(entry('{status: 200}')).toBe(true);
    expect(entry('{status: 200, values: ["1"]}')).toBe(true);
    expect(entry('{status: 200, values: ["2"]}')).toBe(false);
    expect(entry('{status: 404}')).toBe(false);
    expect(entry('{status: 200, queries: []}')).toBe(false);
  });
});
