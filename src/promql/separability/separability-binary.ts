import { type Matching, matchingOf } from '../syntax/expression-nodes.ts';
import { childNamed, type PromqlNode } from '../syntax/fold.ts';
import {
  NotSeparable,
  openGrouping,
  type Part,
  type Separation,
  union,
  type Vector,
  without,
} from './separability-part.ts';

/** An operation such as `a / on (pod) b`. Samples must match only samples of the same object. */
export function separateOperation(
  separation: Separation,
  node: PromqlNode,
  operands: readonly Part[],
): Part {
  const [left, right] = operands;
  if (left === undefined || right === undefined || operands.some(({ type }) => type === 'string')) {
    throw new NotSeparable('an operation lacks a side');
  }
  if (childNamed(node, 'FillModifier') !== null) {
    throw new NotSeparable('`fill` returns a sample for missing series');
  }
  if (left.type !== 'vector') return right;
  if (right.type !== 'vector') return left;
  const matching = readMatching(separation, node);
  checkNamespaces(separation, matching, left, right);
  if (childNamed(node, 'Or') !== null) {
    checkBothHaveNamespace('`or`', left, right);
    return { ...left, labels: union(left.labels, right.labels) };
  }
  if (childNamed(node, 'And') !== null || childNamed(node, 'Unless') !== null) return left;
  return matching.many === undefined
    ? oneToOne(separation, node, matching, left, right)
    : manyToOne(separation, matching, matching.many === 'left' ? left : right);
}

/** Throws unless samples are matched by the labels of the object and of the namespace. */
function readMatching(separation: Separation, node: PromqlNode): Matching {
  const { text, object, namespace } = separation;
  const matching = matchingOf(text, node);
  const { by, list, labels } = matching;
  if ((by === 'on') !== labels.has(object.label)) {
    throw new NotSeparable(`\`${by}\` matches samples of different objects`);
  }
  if (by === 'ignoring' && namespace !== undefined && labels.has(namespace.label)) {
    throw new NotSeparable(`\`ignoring\` takes away the label \`${namespace.label}\``);
  }
  if (by === 'on' && list !== undefined) openGrouping(separation, list, labels);
  return matching;
}

/** If only one side has the label of the namespace and it is matched, no samples match. */
function checkNamespaces(
  { namespace }: Separation,
  { by, labels }: Matching,
  left: Vector,
  right: Vector,
): void {
  const counts = by === 'ignoring' || (namespace !== undefined && labels.has(namespace.label));
  if (counts) checkBothHaveNamespace('an operator', left, right);
}

function checkBothHaveNamespace(operator: string, left: Vector, right: Vector): void {
  if (left.hasNamespace !== right.hasNamespace) {
    throw new NotSeparable(`only one side of ${operator} has the label of the namespace`);
  }
}

/** The result has the matched labels. */
function oneToOne(
  { namespace }: Separation,
  node: PromqlNode,
  { by, labels }: Matching,
  left: Vector,
  right: Vector,
): Vector {
  if (by === 'on') {
    const hasNamespace =
      left.hasNamespace && namespace !== undefined && labels.has(namespace.label);
    return { type: 'vector', labels, hasNamespace };
  }
  const both = left.labels === 'any' ? right.labels : left.labels;
  const matched = without(both, labels);
  return { ...left, labels: keepsName(node, left) ? union(matched, NAME) : matched };
}

const NAME: ReadonlySet<string> = new Set(['__name__']);

/** Metric names are not matched. A filtering comparison keeps them. */
function keepsName(node: PromqlNode, left: Vector): boolean {
  const isFilter = COMPARISONS.some((operator) => node.getChild(operator) !== null);
  const mayHaveName = left.labels === 'any' || left.labels.has('__name__');
  return isFilter && mayHaveName && node.getChild('BoolModifier') === null;
}

const COMPARISONS = ['Eql', 'Neq', 'Lss', 'Lte', 'Gtr', 'Gte'];

/** The result has the labels of the "many" side and those of the grouping modifier. */
function manyToOne(
  { object, namespace }: Separation,
  { included }: Matching,
  many: Vector,
): Vector {
  if (included.has(object.label) || (namespace !== undefined && included.has(namespace.label))) {
    throw new NotSeparable('a grouping modifier changes the label of the object or its namespace');
  }
  return { ...many, labels: union(many.labels, included) };
}
