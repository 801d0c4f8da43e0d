import type { MappingEntry, MappingNode, NodeUse, ScalarNode } from '../yaml/document.ts';
import type { LocatedFields, LocatedValue, Path } from './located-value.ts';
import { fieldSchema, resolveSchema, type Schema } from './schema.ts';

/** A fault of a value, at an offset in the text of the file. */
export interface ReadFault {
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly offset: number;
  readonly message: string;
}

/**
 * Converts a YAML node according to a schema, as go-yaml v2 fills Go structs, so that files of the reference
 * adapter have the same meaning:
 *
 * - a scalar is text if the schema expects text, even if it looks like another type (`yes`, `42`);
 * - null is an absent field or an empty item;
 * - a merge key fills in the fields of the merged mapping at its place among the others, and later
 *   fields take precedence; objects with fixed fields are merged field by field, lists are replaced;
 * - a key may not be repeated; in a map with free keys not even by merging.
 *
 * Values that do not match the schema are kept without their content, for validation to report.
 *
 * @returns undefined for null
 */
export function readBySchema(
  use: NodeUse,
  schema: Schema,
  report: (fault: ReadFault) => void,
): LocatedValue | undefined {
  return readValue(use, undefined, schema, [], report);
}

type Report = (fault: ReadFault) => void;

function readValue(
  { node, at }: NodeUse,
  keyAt: number | undefined,
  schemaOrReference: Schema | undefined,
  path: Path,
  report: Report,
): LocatedValue | undefined {
  const schema = schemaOrReference && resolveSchema(schemaOrReference);
  const use = { at, keyAt };
  switch (node.kind) {
    case 'scalar': {
      if (node.value === null && schema !== undefined) return undefined;
      const value = schema?.type === 'string' ? node.text : node.value;
      return { kind: 'scalar', ...use, value, node };
    }
    case 'sequence': {
      const { items: item, type } = schema ?? {};
      if (type !== 'array' || item === undefined) return { kind: 'list', ...use, items: [] };
      const items = node.items.map((itemUse, index) => {
        const itemPath = [...path, index];
        return readValue(itemUse, undefined, item, itemPath, report) ?? emptyValue(itemUse, item);
      });
      return { kind: 'list', ...use, items };
    }
    case 'mapping': {
      const fields = new Map<string, LocatedValue>();
      if (schema?.type !== 'object')
        return { kind: 'fields', ...use, fields, unread: namesIn(node) };
      readMapping(node, fields, schema, path, report);
      return { kind: 'fields', ...use, fields };
    }
  }
}

function namesIn({ entries }: MappingNode): readonly string[] {
  return entries.flatMap(({ key }) => (key.node.kind === 'scalar' ? [nameOf(key.node)] : []));
}

/** The zero value of a type, which go-yaml uses for null if a value is required. */
function emptyValue({ node, at }: NodeUse, schema: Schema, keyAt?: number): LocatedValue {
  const use = { at, keyAt };
  if (resolveSchema(schema).type === 'object' || node.kind !== 'scalar') {
    return { kind: 'fields', ...use, fields: new Map() };
  }
  return { kind: 'scalar', ...use, value: '', node: { ...node, value: '', text: '' } };
}

function readMapping(
  node: MappingNode,
  into: Map<string, LocatedValue>,
  schema: Schema,
  path: Path,
  report: Report,
): void {
  const written = new Set<string>();
  for (const entry of node.entries) {
    if (entry.isMerge) {
      merge(entry, into, schema, path, report);
      warnOfOverwriting(entry, written, into, path, report);
      continue;
    }
    const { key } = entry;
    if (key.node.kind !== 'scalar') {
      const found = key.node.kind === 'sequence' ? 'a list' : 'a mapping';
      report({
        severity: 'error',
        path,
        offset: key.at,
        message: `expected the name of a field, found ${found}: text with brackets or braces needs quotes`,
      });
      continue;
    }
    const name = nameOf(key.node);
    if (written.has(name) || (schema.properties === undefined && into.has(name))) {
      report({
        severity: 'error',
        path: [...path, name],
        offset: key.at,
        message: `"${name}" is set twice`,
      });
      continue;
    }
    written.add(name);
    readEntry(entry, name, into, schema, path, report);
  }
}

function nameOf(key: ScalarNode): string {
  return key.value === null ? '' : key.text;
}

function readEntry(
  { key, value }: MappingEntry,
  name: string,
  into: Map<string, LocatedValue>,
  schema: Schema,
  path: Path,
  report: Report,
): void {
  const field = fieldSchema(schema, name);
  const fieldPath = [...path, name];
  const merged = into.get(name);
  if (field !== undefined && merged?.kind === 'fields' && value.node.kind === 'mapping') {
    const fields = new Map(merged.fields);
    readMapping(value.node, fields, resolveSchema(field), fieldPath, report);
    into.set(name, { kind: 'fields', at: value.at, keyAt: key.at, fields });
    return;
  }
  const read = readValue(value, key.at, field, fieldPath, report);
  if (read !== undefined) into.set(name, read);
  else if (field !== undefined && schema.properties === undefined) {
    into.set(name, emptyValue(value, field, key.at));
  } else into.delete(name);
}

function merge(
  { key, value }: MappingEntry,
  into: Map<string, LocatedValue>,
  schema: Schema,
  path: Path,
  report: Report,
): void {
  const sources = value.node.kind === 'sequence' ? value.node.items : [value];
  // The first of several sources takes precedence, so it is applied last.
  for (const { node } of sources.toReversed()) {
    if (node.kind === 'mapping') {
      readMapping(node, into, schema, path, report);
    } else {
      report({
        severity: 'error',
        path,
        offset: key.at,
        message: 'a merge key `<<` takes a mapping or a list of mappings, mostly as an alias',
      });
    }
  }
}

function warnOfOverwriting(
  { key, value }: MappingEntry,
  written: ReadonlySet<string>,
  into: LocatedFields['fields'],
  path: Path,
  report: Report,
): void {
  const sources = value.node.kind === 'sequence' ? value.node.items : [value];
  const mergedNames = sources.flatMap(({ node }) => (node.kind === 'mapping' ? node.entries : []));
  for (const { key: merged } of mergedNames) {
    if (merged.node.kind !== 'scalar') continue;
    const name = nameOf(merged.node);
    if (!written.has(name) || !into.has(name)) continue;
    report({
      severity: 'warning',
      path: [...path, name],
      offset: key.at,
      message: `this merge comes after "${name}" and replaces it (as in prometheus-adapter): put \`<<\` first`,
    });
  }
}
