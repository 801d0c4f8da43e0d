import type { ExpressionType } from '../syntax/functions.ts';

/** `unknown`: a reported fault hides the type. It is compatible with all types. */
export type InferredType = ExpressionType | 'unknown';

/** The last link of a chain of operators, to which a modifier at the end applies. */
export interface Operand {
  /** `instant` is a selector such as `up`, `range` one such as `up[5m]`. */
  readonly shape: 'instant' | 'range' | 'subquery' | 'other';
  readonly type: InferredType;
  readonly hasOffset: boolean;
  /** `@` with a number, or with `start()` or `end()`. */
  readonly at?: 'timestamp' | 'bound';
  readonly from: number;
  readonly to: number;
}

/** The properties of a node of the tree. */
export interface Checked {
  /** The name of the node in the grammar. */
  readonly node: string;
  readonly from: number;
  readonly to: number;
  readonly parts: readonly Checked[];
  /** Expressions only. */
  readonly expression?: { readonly type: InferredType; readonly operand: Operand };
}

/** A node that is an expression. */
export type CheckedExpression = Checked & Required<Pick<Checked, 'expression'>>;

export function isExpression(checked: Checked): checked is CheckedExpression {
  return checked.expression !== undefined;
}

export function part(checked: Pick<Checked, 'parts'>, node: string): Checked | undefined {
  return checked.parts.find((candidate) => candidate.node === node);
}

const DESCRIPTIONS: Readonly<Record<InferredType, string>> = {
  scalar: 'a scalar (a plain number)',
  vector: 'an instant vector',
  matrix: 'a range vector (such as `x[5m]`)',
  string: 'a string',
  unknown: 'something else',
};

/** A type in words, with its article. */
export function describeType(type: InferredType): string {
  return DESCRIPTIONS[type];
}

export function isOfType(actual: InferredType, wanted: ExpressionType): boolean {
  return actual === wanted || actual === 'unknown';
}
