import type { ApiType, ApiTypes, FieldType } from '../registration/api-type.ts';
import { serverTypes } from '../registration/server-types.ts';
import {
  type Field,
  type MessageType,
  messageType,
  type FieldType as WireType,
} from './message-type.ts';

/** The messages of kinds, by apiVersion and kind, e.g. `meta.k8s.io/v1/PartialObjectMetadata`. */
export type ApiMessages = ReadonlyMap<string, MessageType>;

/**
 * The messages of the kinds among some types.
 *
 * Throws an Error for a reference to a type that is neither among them nor one of the server's own, and for a
 * type without a protobuf form.
 */
export function apiMessages(types: ApiTypes): ApiMessages {
  const known = new Map<string, MessageType>();
  const typeOf = (name: string): ApiType => {
    const type = types.get(name) ?? serverTypes.get(name);
    if (type === undefined) throw new Error(`no API type ${name}`);
    return type;
  };

  const messageOf = (name: string): MessageType => {
    const made = known.get(name) ?? messageType(messageFields(typeOf(name)));
    known.set(name, made);
    return made;
  };

  const messageFields = ({ fields = {} }: ApiType): Readonly<Record<string, Field>> => {
    const numbered = Object.entries(fields).flatMap(([name, { number, type }]) =>
      number === undefined ? [] : [{ name, field: fieldOf(number, type) }],
    );
    numbered.sort((a, b) => a.field.number - b.field.number);
    return Object.fromEntries(numbered.map(({ name, field }) => [name, field]));
  };

  const fieldOf = (number: number, type: FieldType): Field =>
    typeof type === 'object' && 'listOf' in type
      ? { number, type: wireType(type.listOf), repeated: true }
      : { number, type: wireType(type) };

  const wireType = (type: FieldType): WireType => {
    if (type === 'int32' || type === 'int64') return 'integer';
    if (typeof type === 'string') return type;
    if ('ref' in type) return formatOf(type.ref) ?? messageOf(type.ref);
    if ('mapOf' in type) return mapType(type.mapOf);
    throw new Error('protobuf has no lists of lists');
  };

  const mapType = (value: FieldType): WireType => {
    if (value === 'string') return 'string map';
    const isQuantity =
      typeof value === 'object' && 'ref' in value && formatOf(value.ref) === 'quantity';
    if (isQuantity) return 'quantity map';
    throw new Error('only maps of strings and of quantities can be written as protobuf');
  };

  const formatOf = (name: string): WireType | undefined => {
    const { format } = typeOf(name);
    return format === 'date-time' ? 'time' : format;
  };

  const messages = new Map<string, MessageType>();
  for (const [name, { kind }] of types) {
    if (kind === undefined) continue;
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    messages.set(`${apiVersion}/${kind.kind}`, messageOf(name));
  }
  return messages;
}

/** Those of the kinds that the server itself answers with. */
export const serverMessages = apiMessages(serverTypes);
