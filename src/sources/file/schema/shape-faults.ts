import type { ErrorObject } from 'ajv';
import { nearestName } from '../../../text/nearest-name.ts';
import {
  childOf,
  formatPath,
  type LocatedFields,
  type LocatedValue,
  type Path,
  toPlain,
  valueAt,
} from './located-value.ts';
import { fieldSchema, resolveSchema, type Schema, schemaAt, schemaViolations } from './schema.ts';

/** A violation of the schema, described for the author of the file. */
export interface ShapeFault {
  readonly path: Path;
  readonly message: string;
  /** Whether the name of the field or its value is wrong. */
  readonly kind: 'unknown field' | 'wrong type';
}

/** Validates a value against the published schema, except for missing fields. */
export function findShapeFaults(root: LocatedValue): readonly ShapeFault[] {
  const faults = schemaViolations(toPlain(root)).map((violation) => describe(violation, root));
  if (!isOfChart(childOf(root, 'rules'))) return faults;
  // The other values of the chart are not reported as well.
  return faults.filter(({ path, kind }) => path.length > 1 || kind === 'wrong type');
}

function isOfChart(rules: LocatedValue | undefined): boolean {
  return rules?.kind === 'fields' && rules.unread?.some((name) => CHART_FIELDS.has(name)) === true;
}

function describe(violation: ErrorObject, root: LocatedValue): ShapeFault {
  const path = pathOf(violation.instancePath, root);
  if (violation.keyword === 'additionalProperties') {
    const name = String(violation.params.additionalProperty);
    return { path: [...path, name], message: unknownField(name, path), kind: 'unknown field' };
  }
  const value = valueAt(root, path);
  const found = value === undefined ? 'nothing' : describeValue(value);
  const expected =
    violation.keyword === 'type' ? describeExpected(path) : `what ${violation.message ?? 'fits'}`;
  const message = `expected ${expected}, found ${found}${whatToWrite(expected, value, path)}`;
  return { path, message, kind: 'wrong type' };
}

/** A suggestion, if the intention is clear. */
function whatToWrite(expected: string, value: LocatedValue | undefined, path: Path): string {
  if (path.length === 0 && value?.kind === 'list') return ': write `rules:` above it';
  if (isRuleList(path) && value?.kind === 'fields') return listAdvice(value);
  const outside = ownerOutside(path);
  if (outside !== undefined) return `: ${outside}`;
  const isTaken = value?.kind === 'fields' || value?.kind === 'list';
  return expected === 'text' && isTaken
    ? ': a text that begins with { or [ needs quotes around it'
    : '';
}

function isRuleList(path: Path): boolean {
  return path.length === 1 && (path[0] === 'rules' || path[0] === 'externalRules');
}

/** A suggestion for fields in place of the list of rules. */
function listAdvice({ unread: names = [] }: LocatedFields): string {
  const ofRule = names.find(
    (name) => fieldSchema({ $ref: '#/definitions/rule' }, name) !== undefined,
  );
  if (ofRule !== undefined) return `: an item begins with a dash, write \`- ${ofRule}: ...\``;
  const ofChart = names.find((name) => CHART_FIELDS.has(name));
  return ofChart === undefined
    ? ''
    : `: \`rules.${ofChart}\` belongs to the Helm chart's values: use \`check --helm-values FILE\``;
}

/** Fields of `rules` in the values of the chart. */
const CHART_FIELDS: ReadonlySet<string> = new Set([
  ...['default', 'custom', 'external', 'resource', 'defaultResource', 'existing'],
]);

/** The steps of a JSON pointer; numbers for lists. */
function pathOf(pointer: string, root: LocatedValue): Path {
  const path: (string | number)[] = [];
  let value: LocatedValue | undefined = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const step: string | number = value?.kind === 'list' ? Number(name) : name;
    path.push(step);
    value = value && childOf(value, step);
  }
  return path;
}

function describeExpected(path: Path): string {
  const schema = schemaAt(path);
  switch (schema?.type) {
    case 'string':
      return 'text';
    case 'boolean':
      return 'true or false without quotes';
    case 'array':
      return 'a list (each item after a dash)';
    default: {
      const example = schema?.examples?.[0];
      return path.length === 0 || example === undefined
        ? 'fields (name: value)'
        : `fields such as ${JSON.stringify(example)}`;
    }
  }
}

function describeValue(value: LocatedValue): string {
  switch (value.kind) {
    case 'list':
      return 'a list';
    case 'fields':
      return 'fields (name: value)';
    case 'scalar':
      if (typeof value.value === 'string') return `the text ${quote(value.value)}`;
      return value.value === null ? 'nothing' : value.node.text;
  }
}

function quote(text: string): string {
  const longest = 40;
  return JSON.stringify(text.length > longest ? `${text.slice(0, longest)}...` : text);
}

function unknownField(name: string, parent: Path): string {
  if (parent.length === 0 && name === 'apiVersion') {
    return 'this is a manifest of Kubernetes: a rules file is the text in the `data` of a ConfigMap';
  }
  const outside = ownerOutside([...parent, name]) ?? ownerOutside(parent, name);
  if (outside !== undefined) return `unknown field ${quote(name)}: ${outside}`;
  const schema = schemaAt(parent);
  const fields = Object.entries(schema?.properties ?? {});
  const names = fields.map(([field]) => field);
  const meant = nearestName(name, names) ?? nestedField(name, fields);
  const hint =
    meant === undefined ? `expected one of ${names.join(', ')}` : `did you mean "${meant}"?`;
  return `unknown field ${quote(name)}: ${hint}`;
}

/** A field with this name one level down, e.g. `name.as` for an `as` beside `name`. */
function nestedField(
  name: string,
  fields: readonly (readonly [string, Schema])[],
): string | undefined {
  const owner = fields.find(([, schema]) =>
    Object.hasOwn(resolveSchema(schema).properties ?? {}, name),
  );
  return owner && `${owner[0]}.${name}`;
}

/**
 * Where a field that is indented too deep belongs: the nearest enclosing object that has a field of this
 * name.
 *
 * @param field of the value at the path
 */
function ownerOutside(path: Path, field?: string): string | undefined {
  const name = path.at(-1);
  if (typeof name !== 'string') return undefined;
  for (let depth = path.length - 2; depth >= 0; depth--) {
    const owner = path.slice(0, depth);
    const wanted = schemaAt(owner);
    if (wanted?.properties === undefined || !Object.hasOwn(wanted.properties, name)) continue;
    const known = fieldSchema(wanted, name);
    if (field !== undefined && (known === undefined || fieldSchema(known, field) === undefined)) {
      continue;
    }
    const neighbour = path[depth];
    const place = owner.length === 0 ? 'at the top level of the file' : `in ${formatPath(owner)}`;
    return `"${name}" is indented too deep: it belongs at the level of "${neighbour}", ${place}`;
  }
  return undefined;
}
