import type { PromqlNode } from '../syntax/fold.ts';

/** What is to be found out about a query; see `separateByObject`. */
export interface Question {
  /** The query for one object in one namespace. */
  readonly text: string;
  /** The label of the object, and the name that the query asks for. */
  readonly object: { readonly label: string; readonly value: string };
  /** The same of the namespace, where the objects have one. */
  readonly namespace?: { readonly label: string; readonly value: string };
  /** Labels that distinguish samples of one object, e.g. that of its containers. */
  readonly partLabels?: readonly string[];
}

/** The question, and what has been found so far; see `Separability`. */
export interface Separation extends Question {
  readonly objectMatchers: { from: number; to: number }[];
  readonly namespaceMatchers: { from: number; to: number }[];
  readonly groupings: number[];
}

/**
 * A part of the query. Every sample of a vector (and series of a matrix, which counts as one) has
 * the label of the object and is made of that object's series only.
 */
export type Part =
  | { readonly type: 'scalar' }
  | { readonly type: 'string'; readonly text: string }
  | Vector;

export interface Vector {
  readonly type: 'vector';
  /** The labels that samples may have; of one set of values there is at most one sample. */
  readonly labels: ReadonlySet<string> | 'any';
  /**
   * Whether the samples have the label of the namespace, in the query for one object. In the query
   * over all they always do.
   */
  readonly hasNamespace: boolean;
}

/** Thrown inside, with the reason: a clause in words. */
export class NotSeparable extends Error {
  override readonly name = 'NotSeparable';
}

/**
 * Notes that the label of the namespace has to join a list of labels that keeps samples apart
 * (`by` and `on`), unless it is in it.
 */
export function openGrouping(
  { namespace, groupings }: Separation,
  node: PromqlNode,
  labels: ReadonlySet<string>,
): void {
  // Right after the parenthesis that opens the list, which is never empty here.
  if (namespace !== undefined && !labels.has(namespace.label)) groupings.push(node.from + 1);
}

/** The labels of both; `any` takes in everything. */
export function union(a: Vector['labels'], b: Vector['labels']): Vector['labels'] {
  return a === 'any' || b === 'any' ? 'any' : new Set([...a, ...b]);
}

/** The labels without some; `any` stays what it is. */
export function without(labels: Vector['labels'], left: ReadonlySet<string>): Vector['labels'] {
  return labels === 'any' ? 'any' : new Set([...labels].filter((label) => !left.has(label)));
}
