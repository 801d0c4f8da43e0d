import type { PromqlNode } from '../syntax/fold.ts';

/** The input of `separateByObject`. */
export interface Question {
  /** The query for one object in one namespace. */
  readonly text: string;
  /** The label of the object, and its name in the query. */
  readonly object: { readonly label: string; readonly value: string };
  /** The same for the namespace, if the objects have one. */
  readonly namespace?: { readonly label: string; readonly value: string };
  /** Labels that distinguish samples of one object, e.g. that of its containers. */
  readonly partLabels?: readonly string[];
}

/** The input and the intermediate results; see `Separability`. */
export interface Separation extends Question {
  readonly objectMatchers: { from: number; to: number }[];
  readonly namespaceMatchers: { from: number; to: number }[];
  readonly groupings: number[];
}

/**
 * A part of the query. Every sample of a vector (or series of a matrix, which is treated as a vector) has the
 * label of the object and depends on the series of that object only.
 */
export type Part =
  | { readonly type: 'scalar' }
  | { readonly type: 'string'; readonly text: string }
  | Vector;

export interface Vector {
  readonly type: 'vector';
  /** The labels that samples may have. There is at most one sample for a set of values. */
  readonly labels: ReadonlySet<string> | 'any';
  /**
   * Whether the samples have the label of the namespace in the query for one object. In the query for all objects
   * they always do.
   */
  readonly hasNamespace: boolean;
}

/** Thrown internally with the reason, a clause. */
export class NotSeparable extends Error {
  override readonly name = 'NotSeparable';
}

/**
 * Records that the label of the namespace must be added to a list of labels that distinguishes samples (`by` and
 * `on`), unless the list contains it.
 */
export function openGrouping(
  { namespace, groupings }: Separation,
  node: PromqlNode,
  labels: ReadonlySet<string>,
): void {
  // After the opening parenthesis of the list, which is never empty here.
  if (namespace !== undefined && !labels.has(namespace.label)) groupings.push(node.from + 1);
}

/** The labels of both; `any` if one of them is `any`. */
export function union(a: Vector['labels'], b: Vector['labels']): Vector['labels'] {
  return a === 'any' || b === 'any' ? 'any' : new Set([...a, ...b]);
}

/** The labels except some; `any` does not change. */
export function without(labels: Vector['labels'], left: ReadonlySet<string>): Vector['labels'] {
  return labels === 'any' ? 'any' : new Set([...labels].filter((label) => !left.has(label)));
}
