import { describe, expect, it } from 'vitest';
import { compareAnswers, describeDifferences } from './compare.ts';
import { type Answer, configNames, loadCases } from './recorded-cases.ts';

const recorded: Answer = {
  status: 200,
  contentType: 'application/json',
  body: {
    kind: 'MetricValueList',
    metadata: {},
    items: [{ metric: { name: 'm', selector: null }, timestamp: 'T', value: '7500m' }],
  },
  queries: ['sum(m)', 'sum(n)'],
};

const served: Answer = {
  ...recorded,
  body: {
    kind: 'MetricValueList',
    metadata: {},
    items: [
      { value: '7500m', metric: { selector: null, name: 'm' }, timestamp: '2026-01-02T03:04:05Z' },
    ],
  },
};

function placesOf(expected: Answer, actual: Answer): string[] {
  return compareAnswers(expected, actual).map(({ at }) => at);
}

function withBody(body: unknown): Answer {
  return { ...recorded, body };
}

describe('compareAnswers', () => {
  it('treats answers as equal for any order of keys and any time', () => {
    expect(placesOf(recorded, served)).toEqual([]);
  });

  it.each([
    ['status', { ...served, status: 404 }],
    ['contentType', { ...served, contentType: 'application/json; charset=utf-8' }],
    ['queries[0]', { ...served, queries: ['sum(n)', 'sum(n)'] }],
    ['queries[1]', { ...served, queries: ['sum(m)'] }],
    ['queries[2]', { ...served, queries: ['sum(m)', 'sum(n)', 'sum(o)'] }],
    ['body', { ...served, body: 'text' }],
    ['body', { ...served, body: null }],
  ])('detects another %s', (place, actual) => {
    expect(placesOf(recorded, actual)).toEqual([place]);
  });

  it('detects queries in another order', () => {
    const actual = { ...served, queries: ['sum(n)', 'sum(m)'] };
    expect(placesOf(recorded, actual)).toEqual(['queries[0]', 'queries[1]']);
  });

  it('detects other values, additional or missing keys, additional or missing items', () => {
    const expected = withBody({ a: { b: [1, { c: null }] } });
    expect(placesOf(expected, withBody({ a: { b: [2, { c: null }] } }))).toEqual(['body.a.b[0]']);
    expect(placesOf(expected, withBody({ a: { b: [1, {}] } }))).toEqual(['body.a.b[1].c']);
    expect(placesOf(expected, withBody({ a: { b: [1] } }))).toEqual(['body.a.b[1]']);
    expect(placesOf(expected, withBody({ a: { b: [1, { c: null }, 3] } }))).toEqual([
      'body.a.b[2]',
    ]);
    expect(placesOf(expected, withBody({ a: { b: [1, { c: null }], d: 0 } }))).toEqual([
      'body.a.d',
    ]);
    expect(placesOf(expected, withBody({ a: { b: { 0: 1 } } }))).toEqual(['body.a.b']);
  });

  it('takes "1" and 1, null and nothing, 0 and -0 apart', () => {
    expect(placesOf(withBody({ v: 1 }), withBody({ v: '1' }))).toEqual(['body.v']);
    expect(placesOf(withBody({ v: null }), withBody({}))).toEqual(['body.v']);
    expect(placesOf(withBody({ v: 0 }), withBody({ v: -0 }))).toEqual(['body.v']);
  });

  it.each(['2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05+01:00', 'now', '', 12, null])(
    'detects a time in another format: %s',
    (timestamp) => {
      expect(placesOf(withBody({ timestamp: 'T' }), withBody({ timestamp }))).toEqual([
        'body.timestamp',
      ]);
    },
  );

  it('sorts the resources of a discovery document, and only these', () => {
    const a = { name: 'a', namespaced: true };
    const b = { name: 'b', namespaced: false };
    expect(placesOf(withBody({ resources: [a, b] }), withBody({ resources: [b, a] }))).toEqual([]);
    expect(
      placesOf(withBody({ resources: [a, b] }), withBody({ resources: [{ ...b, name: 'a' }, b] })),
    ).toEqual(['body.resources[0].namespaced']);
    expect(placesOf(withBody({ groups: [a] }), withBody({ groups: [b] }))).toHaveLength(2);
  });

  it('leaves out the addresses of the server', () => {
    const actual = withBody({ name: 'g', serverAddressByClientCIDRs: [{ clientCIDR: '0/0' }] });
    expect(placesOf(withBody({ name: 'g' }), actual)).toEqual([]);
  });

  it('takes any list of paths where the recording holds "(list)", and only paths', () => {
    const expected = withBody({ paths: '(list)' });
    expect(placesOf(expected, withBody({ paths: ['/apis'] }))).toEqual([]);
    for (const paths of [[], ['apis'], [1], {}, undefined]) {
      expect(placesOf(expected, withBody({ paths }))).toEqual(['body.paths']);
    }
    expect(placesOf(withBody({ paths: ['/apis'] }), withBody({ paths: ['/b'] }))).toHaveLength(1);
  });

  it('accepts external items in any order only if this is set', () => {
    const kind = 'ExternalMetricValueList';
    const expected = withBody({ kind, items: [{ value: '1' }, { value: '2' }] });
    const actual = withBody({ kind, items: [{ value: '2' }, { value: '1' }] });
    const missing = withBody({ kind, items: [{ value: '2' }, { value: '2' }] });
    const any = { itemOrder: 'any' } as const;
    expect(compareAnswers(expected, actual)).toHaveLength(2);
    expect(compareAnswers(expected, actual, any)).toEqual([]);
    expect(compareAnswers(expected, missing, any)).toHaveLength(1);
    const custom = { ...expected, body: { kind: 'MetricValueList', items: [1, 2] } };
    const swapped = { ...expected, body: { kind: 'MetricValueList', items: [2, 1] } };
    expect(compareAnswers(custom, swapped, any)).toHaveLength(2);
  });

  it('tells every two neighbouring recordings with different contents apart', () => {
    const cases = configNames.flatMap(loadCases);
    let compared = 0;
    for (const [i, { recorded: one }] of cases.entries()) {
      const other = cases[i + 1]?.recorded;
      if (other === undefined) continue;
      expect(compareAnswers(one, one)).toEqual([]);
      const { request: _one, ...oneAnswer } = one;
      const { request: _other, ...otherAnswer } = other;
      const sameText = answerText(oneAnswer) === answerText(otherAnswer);
      expect(compareAnswers(one, other).length === 0, `case ${i}`).toBe(sameText);
      compared++;
    }
    expect(compared).toBe(1003);
  });
});

function answerText({ status, contentType, body, queries }: Answer): string {
  return JSON.stringify([status, contentType, body, queries]);
}

describe('describeDifferences', () => {
  it('names the place and both values', () => {
    expect(
      describeDifferences([
        { at: 'body.items[0].value', expected: '1', actual: undefined },
        { at: 'status', expected: 200, actual: 404 },
      ]),
    ).toBe('body.items[0].value: expected "1", got nothing\nstatus: expected 200, got 404');
  });
});
