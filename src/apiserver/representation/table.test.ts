import { describe, expect, it } from 'vitest';
import { StatusError } from '../status.ts';
import { TableAnswer, tableConversions } from './table.ts';

const metadata = (name: string) => ({ name, labels: { app: name } });
const objects = ['a', 'b'].map((name) => ({
  object: { kind: 'Thing', apiVersion: 'v1', metadata: metadata(name) },
  cells: [`${name}!`],
}));
const type = {
  kind: { group: 'g', version: 'v1', kind: 'Thing' },
  columns: [{ name: 'Said', format: '' }],
};

function convert(
  of: typeof objects,
  isList: boolean,
  to: ReturnType<typeof conversion> | undefined,
  query: URLSearchParams,
): object {
  return new TableAnswer('Thing', isList, of).convert(type, to, query);
}

function conversion(kind: string, version = 'v1') {
  return { kind, group: 'meta.k8s.io', version };
}

function table(query = '', version = 'v1', of = objects): object {
  return convert(of, true, conversion('Table', version), new URLSearchParams(query));
}

function codeOf(act: () => unknown): number {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error.status.code;
    throw error;
  }
  return 0;
}

describe('a Table', () => {
  it('has a row for each object, with its metadata', () => {
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1' };
    expect(table('', 'v1beta1')).toEqual({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1beta1',
      metadata: {},
      columnDefinitions: [
        expect.objectContaining({ name: 'Name', type: 'string', format: 'name', priority: 0 }),
        { name: 'Said', type: 'string', format: '', description: '', priority: 0 },
      ],
      rows: [
        { cells: ['a', 'a!'], object: { ...partial, metadata: metadata('a') } },
        { cells: ['b', 'b!'], object: { ...partial, metadata: metadata('b') } },
      ],
    });
    expect(table('includeObject=Metadata')).toEqual(table());
  });

  it('includes the object, or nothing, if that is requested', () => {
    expect(table('includeObject=Object')).toMatchObject({
      rows: [objects[0], objects[1]].map((each) => ({ object: each?.object })),
    });
    expect(table('includeObject=None')).toMatchObject({
      rows: [{ object: null }, { object: null }],
    });
    expect(codeOf(() => table('includeObject=Unknown'))).toBe(400);
    expect(codeOf(() => table('includeObject=Unknown', 'v1', []))).toBe(400);
  });

  it('without rows has no columns', () => {
    expect(table('', 'v1', [])).toMatchObject({ columnDefinitions: null, rows: null });
  });

  it('has no protobuf form', () => {
    const offered = tableConversions.filter(({ kind }) => kind === 'Table');
    expect(offered.map(({ mediaTypes }) => mediaTypes)).toEqual(
      Array(2).fill(['application/json', 'application/yaml']),
    );
  });
});

describe('metadata alone', () => {
  it('is a list for a list and an object for an object', () => {
    const asList = conversion('PartialObjectMetadataList');
    const asObject = conversion('PartialObjectMetadata');
    const query = new URLSearchParams();
    const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
    expect(convert(objects, true, asList, query)).toEqual({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: {},
      items: [
        { ...partial, metadata: metadata('a') },
        { ...partial, metadata: metadata('b') },
      ],
    });
    expect(convert(objects.slice(0, 1), false, asObject, query)).toEqual({
      ...partial,
      metadata: metadata('a'),
    });
    expect(codeOf(() => convert(objects, true, asObject, query))).toBe(406);
    expect(codeOf(() => convert(objects, false, asList, query))).toBe(406);
  });
});

describe('without a conversion', () => {
  it('is the object, or a list of items without a kind', () => {
    const query = new URLSearchParams();
    expect(convert(objects.slice(0, 1), false, undefined, query)).toBe(objects[0]?.object);
    expect(convert(objects, true, undefined, query)).toEqual({
      kind: 'ThingList',
      apiVersion: 'g/v1',
      metadata: {},
      items: [{ metadata: metadata('a') }, { metadata: metadata('b') }],
    });
  });
});
