import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricsContext } from '../../src/apis/metrics-api.ts';
import type { ApiRegistration } from '../../src/apiserver/registration/api-registration.ts';
import {
  type ApiType,
  type ApiTypes,
  optional,
  ref,
  required,
} from '../../src/apiserver/registration/api-type.ts';
import { kindFields, listType, typeNames } from '../../src/apiserver/registration/server-types.ts';
import { TableAnswer, type Tabled } from '../../src/apiserver/representation/table.ts';
import { failure } from '../../src/apiserver/status.ts';
import { type ApiserverHost, startApiserver } from './apiserver-host.ts';

const group = { name: 'example.com', versions: ['v1'] };
const apiVersion = 'example.com/v1';
const collection = '/apis/example.com/v1/widgets';

class WidgetError extends Error {}

const types: ApiTypes = new Map<string, ApiType>([
  [
    'com.example.v1.Widget',
    {
      description: 'A widget.',
      fields: {
        ...kindFields,
        metadata: optional(1, ref(typeNames.objectMeta), 'Metadata.'),
        size: required(2, 'int32', 'The size.'),
      },
      kind: { group: group.name, version: 'v1', kind: 'Widget' },
      columns: [{ name: 'Size', format: '' }],
    },
  ],
  [
    'com.example.v1.WidgetList',
    listType(
      { group: group.name, version: 'v1', kind: 'WidgetList' },
      'com.example.v1.Widget',
      'Widgets.',
      'The widgets.',
    ),
  ],
]);

const resources = [
  { name: 'widgets', singularName: 'widget', namespaced: false, kind: 'Widget', verbs: ['get'] },
];

function widget(name: string, size: number): Tabled {
  const object = { kind: 'Widget', apiVersion, metadata: { name }, size };
  return { object, cells: [`${size}`] };
}

/** An API of another kind than those for metrics. */
const widgets: ApiRegistration<MetricsContext> = {
  group,
  types,
  paths: (version) => [
    {
      path: `/apis/example.com/${version}/widgets/{name}`,
      parameters: { name: 'The name of a widget.' },
      query: [],
      description: 'get a widget',
      operationId: 'readWidget',
      tag: group.name,
      produces: ['application/json'],
      answer: 'com.example.v1.Widget',
    },
  ],
  resources: () => resources,
  alsoProduces: [],
  async get({ segments: [, name] }) {
    if (name === 'broken') throw new WidgetError('the widget is broken');
    if (name === 'lost') throw new Error('a secret');
    if (name !== undefined)
      return new TableAnswer('com.example.v1.Widget', false, [widget(name, 3)]);
    return new TableAnswer('com.example.v1.Widget', true, [widget('a', 1), widget('b', 2)]);
  },
  statusOf: (error) =>
    error instanceof WidgetError ? failure(409, 'Conflict', error.message) : undefined,
};

let host: ApiserverHost;
beforeAll(async () => {
  host = await startApiserver({ otherApis: [widgets] });
});
afterAll(() => host.close(0));

async function get(path: string, accept = 'application/json') {
  const { status, body } = await host.send('GET', path, { accept });
  return { status, body };
}

async function json(path: string, accept?: string): Promise<unknown> {
  return JSON.parse((await get(path, accept)).body.toString());
}

describe('a registered API', () => {
  it('is listed by discovery', async () => {
    const entry = expect.objectContaining({ name: 'example.com' });
    expect(await json('/apis')).toMatchObject({ groups: expect.arrayContaining([entry]) });
    expect(await json('/apis/example.com/v1')).toMatchObject({
      groupVersion: apiVersion,
      resources,
    });
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    expect(await json('/apis', accept)).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({
          metadata: expect.objectContaining({ name: 'example.com' }),
          versions: [
            expect.objectContaining({
              resources: [expect.objectContaining({ resource: 'widgets' })],
            }),
          ],
        }),
      ]),
    });
  });

  it('is described by OpenAPI', async () => {
    const properties = { size: { description: 'The size.', type: 'integer', format: 'int32' } };
    expect(await json('/openapi/v2')).toMatchObject({
      paths: { '/apis/example.com/v1/widgets/{name}': { get: { operationId: 'readWidget' } } },
      definitions: { 'com.example.v1.Widget': { properties } },
    });
    expect(await json('/openapi/v3/apis/example.com/v1')).toMatchObject({
      components: { schemas: { 'com.example.v1.Widget': { properties } } },
    });
  });

  it('answers with objects and lists', async () => {
    expect(await json(`${collection}/c`)).toEqual({
      kind: 'Widget',
      apiVersion,
      metadata: { name: 'c' },
      size: 3,
    });
    expect(await json(collection)).toEqual({
      kind: 'WidgetList',
      apiVersion,
      metadata: {},
      items: [
        { metadata: { name: 'a' }, size: 1 },
        { metadata: { name: 'b' }, size: 2 },
      ],
    });
  });

  it('answers with protobuf', async () => {
    const { status, body } = await get(`${collection}/c`, 'application/vnd.kubernetes.protobuf');
    expect(status).toBe(200);
    // metadata { name: "c" } size: 3, in an envelope.
    const message = Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0x63, 0x10, 0x03]);
    expect(body.includes(message)).toBe(true);
  });

  it('answers with Tables', async () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect(await json(collection, table)).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Size' }],
      rows: [{ cells: ['a', '1'] }, { cells: ['b', '2'] }],
    });
    const metadata = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    expect(await json(`${collection}/c`, metadata)).toMatchObject({ metadata: { name: 'c' } });
    expect((await get(collection, metadata)).status).toBe(406);
  });

  it('maps its errors to a Status, and the server maps all others', async () => {
    expect(await json(`${collection}/broken`)).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: 'the widget is broken',
    });
    const { status, body } = await get(`${collection}/lost`);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain('secret');
    expect(host.answered.map(({ error }) => error)).toEqual(
      expect.arrayContaining([expect.any(WidgetError), new Error('a secret')]),
    );
  });
});
