import type { ScalarNode } from '../yaml/document.ts';
import { sourceOffset } from '../yaml/scalar-offset.ts';
import type { ScalarValue } from '../yaml/scalar-value.ts';

export type Path = readonly (string | number)[];

/** The place of a value: offsets (from 0, in UTF-16 units) in the text of the file. */
interface Use {
  /** The start of the value, or of its alias. */
  readonly at: number;
  /** The start of its key. */
  readonly keyAt: number | undefined;
}

/** A value of the rules file with its places. Aliases and merge keys are resolved. */
export type LocatedValue = LocatedScalar | LocatedList | LocatedFields;

export interface LocatedScalar extends Use {
  readonly kind: 'scalar';
  readonly value: ScalarValue;
  readonly node: ScalarNode;
}

export interface LocatedList extends Use {
  readonly kind: 'list';
  readonly items: readonly LocatedValue[];
}

export interface LocatedFields extends Use {
  readonly kind: 'fields';
  readonly fields: ReadonlyMap<string, LocatedValue>;
  /** The names of fields that are omitted because the schema expects no fields. */
  readonly unread?: readonly string[];
}

/** The value as plain data. */
export function toPlain(value: LocatedValue): unknown {
  switch (value.kind) {
    case 'scalar':
      return value.value;
    case 'list':
      return value.items.map(toPlain);
    case 'fields':
      return Object.fromEntries([...value.fields].map(([name, field]) => [name, toPlain(field)]));
  }
}

/** The value one step down, or undefined if there is none. */
export function childOf(value: LocatedValue, step: string | number): LocatedValue | undefined {
  if (value.kind === 'list') return typeof step === 'number' ? value.items[step] : undefined;
  return value.kind === 'fields' ? value.fields.get(String(step)) : undefined;
}

/** The value at a path, or undefined if there is none. */
export function valueAt(root: LocatedValue, path: Path): LocatedValue | undefined {
  let value: LocatedValue | undefined = root;
  for (const step of path) value = value && childOf(value, step);
  return value;
}

/**
 * The offset in the text of the file for a message about a path.
 *
 * @param path if there is no value at the path, the result is the key of the nearest enclosing value
 * @param offset the offset in the scalar at `path`, in UTF-16 units of its decoded text
 */
export function placeOf(text: string, root: LocatedValue, path: Path, offset?: number): number {
  let value = root;
  for (const step of path) {
    const child = childOf(value, step);
    if (child === undefined) return value.keyAt ?? value.at;
    value = child;
  }
  if (offset !== undefined && value.kind === 'scalar') {
    return sourceOffset(text, value.node.source, offset);
  }
  return value.at;
}

/** The offset of the name of the field at a path. */
export function keyPlaceOf(text: string, root: LocatedValue, path: Path): number {
  return valueAt(root, path)?.keyAt ?? placeOf(text, root, path);
}

/** A path as text, e.g. `rules[3].name.matches` or `overrides["app.kind"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
