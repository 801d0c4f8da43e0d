import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import published from '../../../../config/schema.json' with { type: 'json' };
import { resolveSchema, type Schema, schemaAt, schemaViolations } from './schema.ts';

/** Every schema in the published one, by its path. */
function allSchemas(): readonly (readonly [string, Schema])[] {
  const found: (readonly [string, Schema])[] = [];
  const visit = (place: string, schema: Schema): void => {
    found.push([place, schema]);
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      visit(`${place}.${name}`, field);
    }
    if (schema.items !== undefined) visit(`${place}[]`, schema.items);
    if (typeof schema.additionalProperties === 'object') {
      visit(`${place}.*`, schema.additionalProperties);
    }
    for (const [name, definition] of Object.entries(schema.definitions ?? {})) {
      visit(name, definition);
    }
  };
  visit('file', published);
  return found;
}

describe('config/schema.json', () => {
  it('is a good draft-07 schema, as editors need it', () => {
    const ajv = new Ajv({ strict: true });
    expect(ajv.validateSchema(published)).toBe(true);
  });

  it.each(allSchemas())('describes %s, with examples that fit', (_place, schema) => {
    const resolved = resolveSchema(schema);
    expect(resolved).toMatchObject({
      title: expect.stringMatching(/^[A-Z]/),
      description: expect.stringMatching(/^[A-Z].*\w/),
    });
    const validate = new Ajv({ strict: true }).compile({
      ...resolved,
      definitions: published.definitions,
    });
    expect(resolved.examples?.length).toBeGreaterThan(0);
    for (const example of resolved.examples ?? []) {
      validate(example);
      expect(validate.errors ?? []).toEqual([]);
    }
  });

  it('allows no unknown fields if the fields are fixed', () => {
    for (const [place, { properties, additionalProperties }] of allSchemas()) {
      if (properties !== undefined) expect([place, additionalProperties]).toEqual([place, false]);
    }
  });
});

describe('schemaAt', () => {
  it('follows fields, items and free names', () => {
    expect(schemaAt(['rules', 3, 'name', 'as'])?.type).toBe('string');
    expect(schemaAt(['rules', 3, 'resources', 'overrides', 'any', 'group'])?.type).toBe('string');
    expect(schemaAt([])?.type).toBe('object');
    expect(schemaAt(['rules', 3, 'toString'])).toBeUndefined();
    expect(schemaAt(['nope', 'deeper'])).toBeUndefined();
  });
});

describe('schemaViolations', () => {
  it('finds all of them at once', () => {
    const violations = schemaViolations({ rules: [{ name: 1 }, 2], nope: 3 });
    expect(violations.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`)).toEqual(
      expect.arrayContaining([' additionalProperties', '/rules/0/name type', '/rules/1 type']),
    );
    expect(schemaViolations({})).toEqual([]);
  });
});
