import values from '../../charts/prom-metrics-adapter/values.schema.json' with { type: 'json' };
import rulesFile from '../../config/schema.json' with { type: 'json' };

/** The part of JSON Schema that the schemas of the rules file and of the chart's values use. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly [keyword: string]: unknown;
}

/** The known keys of a part of the values. Without `keys`, `items` or `values`, anything is accepted. */
export interface KnownValue {
  /** Of a map with fixed keys. */
  readonly keys?: Readonly<Record<string, KnownValue>>;
  readonly required?: readonly string[];
  /** Of each item of a list. */
  readonly items?: KnownValue;
  /** Of each value of a map with free keys. */
  readonly values?: KnownValue;
}

/** The input of the chart's check of the values. */
export interface KnownValues {
  readonly known: KnownValue;
  /** Where each key belongs, e.g. `{"seriesQuery": ["rules.custom[]", "rules.external[]"]}`. */
  readonly places: Readonly<Record<string, readonly string[]>>;
}

const REFERENCE = '#/definitions/';

/** The definition of values.schema.json that is generated from config/schema.json. */
const GENERATED = 'rulesFile';

/** The schema of the chart's values, with the rules as config/schema.json describes them now. */
export function valuesSchema(): Schema {
  return withRules(changed(published(), forValues));
}

/** All keys of the values and where they belong. */
export function knownValues(): KnownValues {
  const root = withRules(published());
  const known = knownOf(root, root);
  const places = new Map<string, string[]>();
  collectPlaces(known, '', places);
  const sorted = [...places].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { known, places: Object.fromEntries(sorted) };
}

function withRules(rules: Schema): Schema {
  return { ...values, definitions: { ...values.definitions, [GENERATED]: rules } };
}

/** The schema of the rules file, adapted as a definition of another schema. */
function published(): Schema {
  const { $schema: _, $id: __, ...rules } = rulesFile;
  return changed(rules, ({ $ref, ...schema }) =>
    $ref === undefined
      ? schema
      : { ...schema, $ref: $ref.replace(REFERENCE, `${REFERENCE}${GENERATED}/definitions/`) },
  );
}

/**
 * Null means absent, as in the rules file. Unknown and missing keys are left to the check of the chart,
 * which suggests corrections.
 */
function forValues({ required: _, additionalProperties, type, ...schema }: Schema): Schema {
  return {
    ...schema,
    ...(typeof additionalProperties === 'object' && { additionalProperties }),
    ...(type !== undefined && { type: [type, 'null'].flat() }),
  };
}

/** Applies a change to a schema and all its subschemas. */
function changed(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const { properties, additionalProperties, items, definitions } = schema;
  const inner = (each: Schema) => changed(each, change);
  return change({
    ...schema,
    ...(properties !== undefined && { properties: mapValues(properties, inner) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: inner(additionalProperties),
    }),
    ...(items !== undefined && { items: inner(items) }),
    ...(definitions !== undefined && { definitions: mapValues(definitions, inner) }),
  });
}

function knownOf(schema: Schema, root: Schema): KnownValue {
  if (schema.$ref !== undefined) return knownOf(resolve(schema.$ref, root), root);
  const { properties, additionalProperties, items, required } = schema;
  if (properties !== undefined) {
    const keys = mapValues(properties, (each) => knownOf(each, root));
    return required === undefined ? { keys } : { keys, required };
  }
  if (items !== undefined) return { items: knownOf(items, root) };
  return typeof additionalProperties === 'object'
    ? { values: knownOf(additionalProperties, root) }
    : {};
}

function collectPlaces(known: KnownValue, path: string, places: Map<string, string[]>): void {
  if (known.items !== undefined) collectPlaces(known.items, `${path}[]`, places);
  for (const [key, inner] of Object.entries(known.keys ?? {})) {
    places.set(key, [...(places.get(key) ?? []), path]);
    collectPlaces(inner, path === '' ? key : `${path}.${key}`, places);
  }
}

/** Resolves a reference such as `#/definitions/rulesFile/definitions/rule`. */
function resolve(reference: string, root: Schema): Schema {
  let found: unknown = root;
  for (const step of reference.replace('#/', '').split('/')) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined;
  }
  if (typeof found !== 'object' || found === null) {
    throw new Error(`values.schema.json has no definition ${reference}`);
  }
  return { ...found };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, each]) => [key, change(each)]));
}
