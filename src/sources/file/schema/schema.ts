import { Ajv, type ErrorObject } from 'ajv';
import published from '../../../../config/schema.json' with { type: 'json' };

/** The part of JSON Schema that the published schema uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly examples?: readonly unknown[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** The published schema of the rules file, `config/schema.json`. */
export const rulesFileSchema: Schema = published;

/**
 * `required` is for editors only: the reference adapter accepts files without these fields, so the semantic
 * checks report the consequences.
 *
 * A test validates the schema itself, so that each start need not.
 */
const ajv = new Ajv({ allErrors: true, strict: true, validateSchema: false });
ajv.removeKeyword('required').addVocabulary(['required']);
const validate = ajv.compile(published);

/** All violations of the published schema, except missing fields. */
export function schemaViolations(value: unknown): readonly ErrorObject[] {
  return validate(value) ? [] : (validate.errors ?? []);
}

const REFERENCE_PREFIX = '#/definitions/';

/** The schema, or the definition that it refers to. */
export function resolveSchema(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const definition = published.definitions satisfies Readonly<Record<string, Schema>>;
  const name = schema.$ref.slice(REFERENCE_PREFIX.length);
  const found = Object.entries(definition).find(([key]) => key === name)?.[1];
  if (found === undefined) throw new Error(`config/schema.json has no definition ${schema.$ref}`);
  return found;
}

/** The schema of a field of an object, or of a value of a map. */
export function fieldSchema(schema: Schema, name: string): Schema | undefined {
  const { properties, additionalProperties } = resolveSchema(schema);
  if (properties !== undefined) {
    return Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** The schema of the value at a path; undefined if the schema has no such path. */
export function schemaAt(path: readonly (string | number)[]): Schema | undefined {
  let schema: Schema | undefined = rulesFileSchema;
  for (const step of path) {
    if (schema === undefined) return undefined;
    schema = typeof step === 'number' ? resolveSchema(schema).items : fieldSchema(schema, step);
  }
  return schema && resolveSchema(schema);
}
