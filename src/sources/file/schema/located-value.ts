import type { ScalarNode } from '../yaml/document.ts';
import { sourceOffset } from '../yaml/scalar-offset.ts';
import type { ScalarValue } from '../yaml/scalar-value.ts';

export type Path = readonly (string | number)[];

/** Where a value is used: offsets (from 0, in UTF-16 units) into the text of the file. */
interface Use {
  /** Where the value begins; for an alias, where the alias is. */
  readonly at: number;
  /** Where the key begins that it is the value of. */
  readonly keyAt: number | undefined;
}

/** A value of the rules file together with its places, aliases and merge keys carried out. */
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
  /** The names of fields that were left out, where the schema wants no fields. */
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

/** One step down, or undefined where there is nothing. */
export function childOf(value: LocatedValue, step: string | number): LocatedValue | undefined {
  if (value.kind === 'list') return typeof step === 'number' ? value.items[step] : undefined;
  return value.kind === 'fields' ? value.fields.get(String(step)) : undefined;
}

/** What is at a path, or undefined where there is nothing. */
export function valueAt(root: LocatedValue, path: Path): LocatedValue | undefined {
  let value: LocatedValue | undefined = root;
  for (const step of path) value = value && childOf(value, step);
  return value;
}

/**
 * The offset into the file's text to point at for something said about a path.
 *
 * @param path what is said may be about something that is not there: then the nearest thing around
 *   it is pointed at, by its key
 * @param offset where in the value at `path`, a scalar, in UTF-16 units of its decoded text
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

/** The offset into the file's text of the name of the field at a path. */
export function keyPlaceOf(text: string, root: LocatedValue, path: Path): number {
  return valueAt(root, path)?.keyAt ?? placeOf(text, root, path);
}

/** A path as one writes it, e.g. `rules[3].name.matches` or `overrides["app.kind"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}
