import type { ApiType, GroupVersionKind, TableColumn } from '../registration/api-type.ts';
import { badRequest, notConvertible, type StatusError } from '../status.ts';
import { listItems } from './long-list.ts';
import type { Conversion, OfferedConversion } from './negotiation.ts';
import { JSON_TYPE, YAML_TYPE } from './negotiation.ts';

/** The group of the kinds that objects can be converted to. */
const GROUP = 'meta.k8s.io';
const VERSIONS = ['v1', 'v1beta1'];

/**
 * The kinds that objects can be converted to: a Table for people, which `kubectl get` requests, and
 * the metadata alone. A Table has no protobuf form.
 */
export const tableConversions: readonly OfferedConversion[] = VERSIONS.flatMap((version) => [
  { kind: 'Table', group: GROUP, version, mediaTypes: [JSON_TYPE, YAML_TYPE] },
  { kind: 'PartialObjectMetadata', group: GROUP, version },
  { kind: 'PartialObjectMetadataList', group: GROUP, version },
]);

/** An object that can be shown as a row. */
export interface Tabled {
  /** The whole object, with its kind and apiVersion. */
  readonly object: {
    readonly kind: string;
    readonly apiVersion: string;
    readonly metadata: { readonly name: string };
  };
  /** The contents of the columns after the name. */
  readonly cells: readonly string[];
}

/**
 * The answer of an API to a request for an object, or for a list of objects, of a kind that can be
 * converted to a Table.
 */
export class TableAnswer {
  /** The name of the type of the objects. */
  readonly typeName: string;
  /** Whether the request is for a list. If not, there is one object. */
  readonly isList: boolean;
  readonly objects: readonly Tabled[];

  constructor(typeName: string, isList: boolean, objects: readonly Tabled[]) {
    this.typeName = typeName;
    this.isList = isList;
    this.objects = objects;
  }

  /**
   * The object or the list, converted to a kind of {@link tableConversions} if the client requests
   * that.
   *
   * @param query its parameter `includeObject` selects the part of the object that a row contains
   * @throws StatusError 400 for an unknown `includeObject`; 406 if a list is requested as an object,
   *   or an object as a list
   */
  convert(
    { kind, columns }: ConvertibleType,
    conversion: Conversion | undefined,
    query: URLSearchParams,
  ): object {
    const { isList, objects } = this;
    const [first] = objects;
    if (conversion === undefined) {
      return isList || first === undefined ? listObject(kind, objects) : first.object;
    }
    const { version } = conversion;
    switch (conversion.kind) {
      case 'PartialObjectMetadata':
        if (isList || first === undefined) throw notOfKind(conversion, 'a list');
        return partialObjectMetadata(version, first);
      case 'PartialObjectMetadataList': {
        if (!isList) throw notOfKind(conversion, 'not a list');
        const items = listItems(objects, (each) => partialObjectMetadata(version, each));
        return { kind: conversion.kind, apiVersion: `${GROUP}/${version}`, metadata: {}, items };
      }
      default:
        return table(version, columns, objects, query.get('includeObject') ?? '');
    }
  }
}

/** The type of a kind that can be converted to a Table. */
export type ConvertibleType = Required<Pick<ApiType, 'kind' | 'columns'>>;

function notOfKind({ kind }: Conversion, actual: string): StatusError {
  return notConvertible(`you requested ${kind}, but the requested object is ${actual}`);
}

/** The list of a kind. Its items have no kind and no apiVersion. */
function listObject(kind: GroupVersionKind, objects: readonly Tabled[]): object {
  const items = listItems(
    objects,
    ({ object: { kind: _kind, apiVersion: _apiVersion, ...item } }) => item,
  );
  return {
    kind: `${kind.kind}List`,
    apiVersion: `${kind.group}/${kind.version}`,
    metadata: {},
    items,
  };
}

/** meta.k8s.io Table; one without rows has no columns either, as in Kubernetes' own library. */
function table(
  version: string,
  columns: readonly TableColumn[],
  objects: readonly Tabled[],
  includeObject: string,
): object {
  const objectOf = includedObject(version, includeObject);
  const isEmpty = objects.length === 0;
  return {
    kind: 'Table',
    apiVersion: `${GROUP}/${version}`,
    metadata: {},
    columnDefinitions: isEmpty ? null : [nameColumn, ...columns.map(columnDefinition)],
    rows: isEmpty
      ? null
      : listItems(objects, (each) => ({
          cells: [each.object.metadata.name, ...each.cells],
          object: objectOf(each),
        })),
  };
}

const nameColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the resource',
  priority: 0,
};

function columnDefinition({ name, format }: TableColumn): object {
  return { name, type: 'string', format, description: '', priority: 0 };
}

function includedObject(version: string, includeObject: string): (tabled: Tabled) => object | null {
  switch (includeObject) {
    case '':
    case 'Metadata':
      return (tabled) => partialObjectMetadata(version, tabled);
    case 'Object':
      return ({ object }) => object;
    case 'None':
      return () => null;
    default:
      throw badRequest(
        `includeObject: Unsupported value: ${JSON.stringify(includeObject)}: supported values: "Metadata", "None", "Object"`,
      );
  }
}

function partialObjectMetadata(version: string, { object }: Tabled): object {
  const apiVersion = `${GROUP}/${version}`;
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}
