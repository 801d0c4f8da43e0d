import { badRequest, notConvertible } from '../status.ts';
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

/** A column of a Table besides that of the name. */
export interface TableColumn {
  readonly name: string;
  readonly format: string;
}

/** An object that can be shown as a row. */
export interface Tabled {
  /** The whole object, with its kind and apiVersion. */
  readonly object: { readonly metadata: { readonly name: string } };
  /** The contents of the columns after the name. */
  readonly cells: readonly string[];
}

/**
 * Converts an object, or a list of objects, to a kind of {@link tableConversions}.
 *
 * @param query its parameter `includeObject` selects the part of the object that a row contains
 * @throws StatusError 400 for an unknown `includeObject`; 406 if a list is requested as an object, or
 *   an object as a list
 */
export function convert(
  objects: readonly Tabled[],
  isList: boolean,
  columns: readonly TableColumn[],
  conversion: Conversion,
  query: URLSearchParams,
): object {
  const { kind, version } = conversion;
  switch (kind) {
    case 'PartialObjectMetadata': {
      const [first] = objects;
      if (isList || first === undefined) {
        throw notConvertible(`you requested ${kind}, but the requested object is a list`);
      }
      return partialObjectMetadata(version, first);
    }
    case 'PartialObjectMetadataList': {
      if (!isList) {
        throw notConvertible(`you requested ${kind}, but the requested object is not a list`);
      }
      const items = listItems(objects, (each) => partialObjectMetadata(version, each));
      return { kind, apiVersion: `${GROUP}/${version}`, metadata: {}, items };
    }
    default:
      return table(version, columns, objects, query.get('includeObject') ?? '');
  }
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
