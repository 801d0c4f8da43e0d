import type { ApiField, ApiType, ApiTypes, FieldType } from '../registration/api-type.ts';

/** How a version of OpenAPI writes types. */
export interface SchemaStyle {
  /** The path of the types in the document. */
  readonly refPrefix: string;
  /** The keyword for a value that may be null. */
  readonly nullable: object;
}

/** The schema of a type. */
export function schemaObject(type: ApiType, style: SchemaStyle): object {
  const { description, fields, format, kind } = type;
  if (fields === undefined) {
    return { description, type: 'string', ...(format === 'date-time' && { format }) };
  }
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.required).map(([name]) => name);
  return {
    description,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(
      entries.map(([name, field]) => [name, propertyObject(field, style)]),
    ),
    ...(kind && { 'x-kubernetes-group-version-kind': [kind] }),
  };
}

function propertyObject({ description, type, nullable }: ApiField, style: SchemaStyle): object {
  const schema = fieldObject(type, style.refPrefix);
  return {
    description,
    ...(nullable && style.nullable),
    // Both versions of OpenAPI ignore other keywords next to a $ref.
    ...('$ref' in schema ? { allOf: [schema] } : schema),
  };
}

function fieldObject(type: FieldType, refPrefix: string): object {
  if (type === 'string' || type === 'boolean') return { type };
  if (type === 'int32' || type === 'int64') return { type: 'integer', format: type };
  if (type === 'string list message') return { type: 'array', items: { type: 'string' } };
  if ('ref' in type) return { $ref: `${refPrefix}${type.ref}` };
  if ('listOf' in type) return { type: 'array', items: fieldObject(type.listOf, refPrefix) };
  return { type: 'object', additionalProperties: fieldObject(type.mapOf, refPrefix) };
}

/** These types and those that they refer to, by name. Throws if one is not in the table. */
export function withReferences(names: readonly string[], types: ApiTypes): ApiTypes {
  const found = new Map<string, ApiType>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const type = types.get(name);
    if (type === undefined) throw new Error(`no API type ${name}`);
    found.set(name, type);
    for (const field of Object.values(type.fields ?? {})) references(field.type).forEach(add);
  };
  names.forEach(add);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function references(type: FieldType): readonly string[] {
  if (typeof type === 'string') return [];
  if ('ref' in type) return [type.ref];
  return references('listOf' in type ? type.listOf : type.mapOf);
}
