import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { customMetricTypes } from '../../apis/custom/kinds.ts';
import { externalMetricTypes } from '../../apis/external/kinds.ts';
import { apiMessages, serverMessages } from './api-messages.ts';
import { encodeApiObject } from './api-object.ts';

const messages = new Map([
  ...serverMessages,
  ...apiMessages(customMetricTypes),
  ...apiMessages(externalMetricTypes),
]);
const encode = (object: object): Buffer => encodeApiObject(object, messages);

/** A field on the wire, without its schema. */
interface WireField {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Reads fields of the two wire types that these messages have. */
function decode(bytes: Buffer): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined) throw new Error('the bytes end inside a number');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    if ((tag & 7) === 0) {
      fields.push({ number, value: BigInt.asIntN(64, varint()) });
      continue;
    }
    expect(tag & 7).toBe(2);
    const length = Number(varint());
    expect(at + length).toBeLessThanOrEqual(bytes.length);
    fields.push({ number, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

function all(bytes: Buffer, ...path: readonly number[]): readonly (bigint | Buffer)[] {
  const [first, ...rest] = path;
  const found = decode(bytes).filter(({ number }) => number === first);
  if (rest.length === 0) return found.map(({ value }) => value);
  return found.flatMap(({ value }) => {
    if (!Buffer.isBuffer(value)) throw new Error(`field ${first} is no message`);
    return all(value, ...rest);
  });
}

const texts = (bytes: Buffer, ...path: readonly number[]) => all(bytes, ...path).map(String);

/** The message inside the envelope, which must be of this type. */
function unwrap(encoded: Buffer, apiVersion: string, kind: string): Buffer {
  expect(encoded.subarray(0, 4)).toEqual(Buffer.from([0x6b, 0x38, 0x73, 0x00]));
  const unknown = encoded.subarray(4);
  expect(texts(unknown, 1, 1)).toEqual([apiVersion]);
  expect(texts(unknown, 1, 2)).toEqual([kind]);
  const [raw] = all(unknown, 2);
  if (!Buffer.isBuffer(raw)) throw new Error('no message in the envelope');
  return raw;
}

describe('an API object as protobuf', () => {
  it('equals the output of protoc', () => {
    const encoded = encode({
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: 'depth',
          metricLabels: { q: 'a' },
          timestamp: '2023-11-14T22:13:20Z',
          value: '12',
        },
      ],
    });
    const raw = unwrap(encoded, 'external.metrics.k8s.io/v1beta1', 'ExternalMetricValueList');
    // protoc --encode with the text `metadata {} items { metricName: "depth" metricLabels { key: "q"
    // value: "a" } timestamp { seconds: 1700000000 nanos: 0 } value { string: "12" } }`.
    const item = [
      ...[0x0a, 0x05, ...Buffer.from('depth')],
      ...[0x12, 0x06, 0x0a, 0x01, 0x71, 0x12, 0x01, 0x61],
      ...[0x1a, 0x08, 0x08, 0x80, 0xe2, 0xcf, 0xaa, 0x06, 0x10, 0x00],
      ...[0x2a, 0x04, 0x0a, 0x02, 0x31, 0x32],
    ];
    expect([...raw]).toEqual([0x0a, 0x00, 0x12, item.length, ...item]);
  });

  it('has the fields of both versions of MetricValueList', () => {
    const describedObject = { kind: 'Pod', namespace: 'shop', name: 'a', apiVersion: '/v1' };
    const selector = {
      matchLabels: { b: '2', a: '1' },
      matchExpressions: [{ key: 'k', operator: 'In', values: ['x', 'y'] }],
    };
    const rest = { describedObject, timestamp: '1969-12-31T23:59:59Z', value: '500m' };
    const list = (version: string, item: object) => ({
      kind: 'MetricValueList',
      apiVersion: `custom.metrics.k8s.io/${version}`,
      metadata: {},
      items: [item],
    });
    const v1beta2 = unwrap(
      encode(list('v1beta2', { ...rest, metric: { name: 'm', selector } })),
      'custom.metrics.k8s.io/v1beta2',
      'MetricValueList',
    );
    expect(texts(v1beta2, 2, 1, 1)).toEqual(['Pod']);
    expect(texts(v1beta2, 2, 1, 2)).toEqual(['shop']);
    expect(texts(v1beta2, 2, 1, 3)).toEqual(['a']);
    expect(texts(v1beta2, 2, 1, 5)).toEqual(['/v1']);
    expect(texts(v1beta2, 2, 2, 1)).toEqual(['m']);
    expect(texts(v1beta2, 2, 2, 2, 1, 1)).toEqual(['a', 'b']);
    expect(texts(v1beta2, 2, 2, 2, 1, 2)).toEqual(['1', '2']);
    expect(texts(v1beta2, 2, 2, 2, 2, 3)).toEqual(['x', 'y']);
    expect(all(v1beta2, 2, 3, 1)).toEqual([-1n]);
    expect(texts(v1beta2, 2, 5, 1)).toEqual(['500m']);

    const v1beta1 = unwrap(
      encode(list('v1beta1', { ...rest, metricName: 'm', selector: null })),
      'custom.metrics.k8s.io/v1beta1',
      'MetricValueList',
    );
    expect(texts(v1beta1, 2, 2)).toEqual(['m']);
    expect(texts(v1beta1, 2, 5, 1)).toEqual(['500m']);
    expect(all(v1beta1, 2, 6)).toEqual([]);
  });

  it('has the fields of discovery documents and errors', () => {
    const groups = unwrap(
      encode({
        kind: 'APIGroupList',
        groups: [
          {
            name: 'g',
            versions: [{ groupVersion: 'g/v2', version: 'v2' }],
            preferredVersion: { groupVersion: 'g/v2', version: 'v2' },
          },
        ],
      }),
      'v1',
      'APIGroupList',
    );
    expect(texts(groups, 1, 1)).toEqual(['g']);
    expect(texts(groups, 1, 2, 1)).toEqual(['g/v2']);
    expect(texts(groups, 1, 3, 2)).toEqual(['v2']);

    const resources = unwrap(
      encode({
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: 'g/v2',
        resources: [
          { name: 'pods/m', singularName: '', namespaced: true, kind: 'K', verbs: ['get', 'list'] },
        ],
      }),
      'v1',
      'APIResourceList',
    );
    expect(texts(resources, 1)).toEqual(['g/v2']);
    expect(texts(resources, 2, 1)).toEqual(['pods/m']);
    expect(all(resources, 2, 2)).toEqual([1n]);
    expect(texts(resources, 2, 3)).toEqual(['K']);
    expect(texts(resources, 2, 4, 1)).toEqual(['get', 'list']);
    expect(texts(resources, 2, 6)).toEqual(['']);

    const status = unwrap(
      encode({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'no',
        reason: 'TooManyRequests',
        details: { retryAfterSeconds: 1, causes: [{ message: 'why' }] },
        code: 429,
      }),
      'v1',
      'Status',
    );
    expect(texts(status, 2)).toEqual(['Failure']);
    expect(texts(status, 3)).toEqual(['no']);
    expect(texts(status, 4)).toEqual(['TooManyRequests']);
    expect(texts(status, 5, 4, 2)).toEqual(['why']);
    expect(all(status, 5, 5)).toEqual([1n]);
    expect(all(status, 6)).toEqual([429n]);
  });

  const text = fc.string({ unit: 'grapheme' });
  const value = fc.record({
    metricName: text,
    metricLabels: fc.dictionary(text, text),
    seconds: fc.integer({ min: -62_000_000_000, max: 250_000_000_000 }),
    value: text,
  });

  it('carries any text and time', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const apiVersion = 'external.metrics.k8s.io/v1beta1';
        const kind = 'ExternalMetricValueList';
        const items = values.map(({ seconds, ...rest }) => ({
          ...rest,
          timestamp: new Date(seconds * 1000).toISOString(),
        }));
        const raw = unwrap(encode({ kind, apiVersion, items }), apiVersion, kind);
        expect(texts(raw, 2, 1)).toEqual(values.map(({ metricName }) => metricName));
        expect(all(raw, 2, 3, 1)).toEqual(values.map(({ seconds }) => BigInt(seconds)));
        expect(texts(raw, 2, 5, 1)).toEqual(values.map((each) => each.value));
        const labels = values.map(({ metricLabels }) => new Map(Object.entries(metricLabels)));
        const read = all(raw, 2).map((item) => {
          if (!Buffer.isBuffer(item)) throw new Error('no item');
          const keys = texts(item, 2, 1);
          const labelValues = texts(item, 2, 2);
          return new Map(keys.map((key, i) => [key, labelValues[i]]));
        });
        expect(read).toEqual(labels);
      }),
    );
  });

  it.each([
    [{ kind: 'Pod', apiVersion: 'v1' }, 'no protobuf message for v1/Pod'],
    [
      { kind: 'Status', apiVersion: 'v1', message: 1 },
      'message cannot be written as protobuf: expected a string',
    ],
    [
      { kind: 'Status', apiVersion: 'v1', code: 0.5 },
      'code cannot be written as protobuf: expected an integer',
    ],
    [{ kind: 'APIGroupList', groups: {} }, 'groups cannot be written as protobuf: expected a list'],
    [
      { kind: 'APIGroupList', groups: ['g'] },
      'groups cannot be written as protobuf: expected an object',
    ],
  ])('cannot be written for %j', (object, message) => {
    expect(() => encode(object)).toThrow(new TypeError(message));
  });
});
