/** A type of the API, as OpenAPI describes it. */
export interface ApiSchema {
  readonly description: string;
  /** Absent for a type that is a text in JSON. */
  readonly fields?: Readonly<Record<string, SchemaField>>;
  /** For a type that is a text in JSON: what texts. */
  readonly format?: 'date-time' | 'quantity';
  /** For a kind: where it belongs. */
  readonly kind?: GroupVersionKind;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface SchemaField {
  readonly description: string;
  readonly type: FieldSchema;
  readonly required?: boolean;
  /** It may be null. */
  readonly nullable?: boolean;
}

/** The type of a field; `{ ref }` names another type of the table. */
export type FieldSchema =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | { readonly ref: string }
  | { readonly listOf: FieldSchema }
  | { readonly mapOf: FieldSchema };

/** How a version of OpenAPI writes types. */
export interface SchemaStyle {
  /** Where the types stand in the document. */
  readonly refPrefix: string;
  /** What says that a value may be null. */
  readonly nullable: object;
}

/** Writes a type. */
export function schemaObject(schema: ApiSchema, style: SchemaStyle): object {
  const { description, fields, format, kind } = schema;
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

function propertyObject({ description, type, nullable }: SchemaField, style: SchemaStyle): object {
  const schema = fieldObject(type, style.refPrefix);
  return {
    description,
    ...(nullable && style.nullable),
    // What stands beside a $ref does not count, in both versions of OpenAPI.
    ...('$ref' in schema ? { allOf: [schema] } : schema),
  };
}

function fieldObject(type: FieldSchema, refPrefix: string): object {
  if (type === 'string' || type === 'boolean') return { type };
  if (type === 'int32' || type === 'int64') return { type: 'integer', format: type };
  if ('ref' in type) return { $ref: `${refPrefix}${type.ref}` };
  if ('listOf' in type) return { type: 'array', items: fieldObject(type.listOf, refPrefix) };
  return { type: 'object', additionalProperties: fieldObject(type.mapOf, refPrefix) };
}

/** The types that these types need, themselves included. Throws where one is not in the table. */
export function withReferences(
  names: readonly string[],
  table: ReadonlyMap<string, ApiSchema>,
): ReadonlyMap<string, ApiSchema> {
  const found = new Map<string, ApiSchema>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const schema = table.get(name);
    if (schema === undefined) throw new Error(`no schema of ${name}`);
    found.set(name, schema);
    for (const { type } of Object.values(schema.fields ?? {})) references(type).forEach(add);
  };
  names.forEach(add);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function references(type: FieldSchema): readonly string[] {
  if (typeof type === 'string') return [];
  if ('ref' in type) return [type.ref];
  return references('listOf' in type ? type.listOf : type.mapOf);
}
