import { inspectQuery } from './checks/check.ts';
import {
  expressionsIn,
  labelsOf,
  matchingOf,
  operandNodes,
  wordsOf,
} from './syntax/expression-nodes.ts';
import { childNamed, type PromqlNode } from './syntax/fold.ts';
import { FUNCTIONS } from './syntax/functions.ts';
import { nameAt, parsePromql } from './syntax/parse.ts';

/** Label names; `any` if they are not known. */
export type LabelSet = ReadonlySet<string> | 'any';

/**
 * The labels that distinguish the samples of a query's result: there is at most one sample for each set
 * of their values. `any` if every label of a series may distinguish samples.
 *
 * @param wanted the labels that should be among them. In `label_replace` they count as equivalent to the
 *   source label
 * @returns undefined if not known: for a query with faults or one that is not a vector, for an unknown
 *   function, and if `without` leaves unknown labels
 */
export function distinguishingLabels(
  text: string,
  wanted: ReadonlySet<string>,
): LabelSet | undefined {
  const { faults, type } = inspectQuery(text);
  if (faults.length > 0 || type !== 'vector') return undefined;
  const top = expressionsIn(parsePromql(text).tree.topNode)[0];
  if (top === undefined) return undefined;
  const part = partOf({ text, wanted }, top);
  return part?.type === 'vector' ? part.key : undefined;
}

interface Question {
  readonly text: string;
  readonly wanted: ReadonlySet<string>;
}

type Part = { readonly type: 'scalar' | 'string' } | Vector;

/** A range is treated as a vector. */
interface Vector {
  readonly type: 'vector';
  /** The labels that samples may have. */
  readonly labels: LabelSet;
  readonly key: LabelSet;
}

const NONE: ReadonlySet<string> = new Set();
const ANY: Vector = { type: 'vector', labels: 'any', key: 'any' };
const SINGLE: Vector = { type: 'vector', labels: NONE, key: NONE };

function partOf(question: Question, node: PromqlNode): Part | undefined {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { type: 'scalar' };
    case 'StringLiteral':
      return { type: 'string' };
    case 'VectorSelector':
      return ANY;
    case 'AggregateExpr':
      return partOfAggregation(question, node);
    case 'FunctionCall':
      return partOfCall(question, node);
    case 'BinaryExpr':
      return partOfOperation(question, node);
    default: {
      const [inner] = expressionsIn(node);
      return inner && partOf(question, inner);
    }
  }
}

/** The operand that is a vector; undefined if there is none or it is not known. */
function vectorOperand(question: Question, node: PromqlNode): Vector | undefined {
  for (const operand of operandNodes(node)) {
    const part = partOf(question, operand);
    if (part === undefined) return undefined;
    if (part.type === 'vector') return part;
  }
  return undefined;
}

/** Aggregations that select samples of each group. */
const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

function partOfAggregation(question: Question, node: PromqlNode): Vector | undefined {
  const { text } = question;
  const name = nameAt(text, node.from).toLowerCase();
  const inner = vectorOperand(question, node);
  if (inner === undefined) return undefined;
  const modifier = childNamed(node, 'AggregateModifier');
  const list = childNamed(modifier, 'GroupingLabels');
  const labels = list === null ? NONE : labelsOf(text, list);
  const grouped =
    childNamed(modifier, 'Without') === null
      ? groupedBy(inner, labels)
      : groupedWithout(inner, labels);
  if (grouped === undefined) return undefined;
  if (CHOOSING.has(name)) {
    const [count] = operandNodes(node);
    const isOne = count !== undefined && text.slice(count.from, count.to) === '1';
    return isOne && name !== 'limit_ratio' ? { ...inner, key: grouped.key } : inner;
  }
  if (name !== 'count_values') return grouped;
  const [written] = operandNodes(node);
  if (written?.name !== 'StringLiteral') return undefined;
  const label = new Set([wordsOf(text, written)]);
  return { type: 'vector', labels: union(grouped.labels, label), key: union(grouped.key, label) };
}

function groupedBy(inner: Vector, labels: ReadonlySet<string>): Vector {
  const isWithin = inner.key !== 'any' && inner.key.isSubsetOf(labels);
  return { type: 'vector', labels, key: isWithin ? inner.key : labels };
}

/** For series with any labels, `without` means that the other labels distinguish no samples. */
function groupedWithout(inner: Vector, labels: ReadonlySet<string>): Vector | undefined {
  if (inner.key === 'any') return undefined;
  const left = without(inner.labels, labels);
  const isApart = inner.key.isDisjointFrom(labels);
  return { type: 'vector', labels: left, key: isApart ? inner.key : left };
}

function partOfCall(question: Question, node: PromqlNode): Part | undefined {
  const name = nameAt(question.text, node.from);
  const signature = FUNCTIONS.get(name);
  if (signature === undefined) return undefined;
  if (signature.result === 'scalar') return { type: 'scalar' };
  switch (name) {
    case 'absent':
    case 'absent_over_time':
      return { ...SINGLE, labels: 'any' };
    case 'info':
    case 'histogram_quantiles':
      return undefined;
    case 'label_replace':
    case 'label_join':
      return relabelled(question, node);
  }
  const inner = vectorOperand(question, node);
  if (inner === undefined) return hasOnlyScalars(question, node) ? SINGLE : undefined;
  if (name !== 'histogram_quantile') return inner;
  const bucket = new Set(['le']);
  return { type: 'vector', labels: without(inner.labels, bucket), key: without(inner.key, bucket) };
}

/** For functions such as `vector(0)` and `hour()`. */
function hasOnlyScalars(question: Question, node: PromqlNode): boolean {
  return operandNodes(node).every((operand) => partOf(question, operand)?.type === 'scalar');
}

function relabelled(question: Question, node: PromqlNode): Vector | undefined {
  const { text, wanted } = question;
  const [operand, target, ...others] = operandNodes(node);
  const inner = operand && partOf(question, operand);
  if (inner?.type !== 'vector' || target?.name !== 'StringLiteral') return undefined;
  const label = wordsOf(text, target);
  const labels = union(inner.labels, new Set([label]));
  if (inner.key === 'any') return { type: 'vector', labels, key: 'any' };
  const written = others.filter(({ name }) => name === 'StringLiteral');
  const sources = new Set(written.map((source) => wordsOf(text, source))).intersection(inner.key);
  if (wanted.has(label) && sources.size > 0) {
    return { type: 'vector', labels, key: union(without(inner.key, sources), new Set([label])) };
  }
  return { type: 'vector', labels, key: inner.key.has(label) ? 'any' : inner.key };
}

function partOfOperation(question: Question, node: PromqlNode): Part | undefined {
  const { text, wanted } = question;
  const [left, right] = operandNodes(node).map((operand) => partOf(question, operand));
  if (left === undefined || right === undefined) return undefined;
  if (left.type !== 'vector') return right;
  if (right.type !== 'vector') return left;
  if (childNamed(node, 'FillModifier') !== null) return undefined;
  if (childNamed(node, 'And') !== null || childNamed(node, 'Unless') !== null) return left;
  const { by, labels, many, included } = matchingOf(text, node);
  if (childNamed(node, 'Or') !== null) {
    const isApart =
      by === 'on'
        ? labels.isSubsetOf(wanted)
        : isSame(without(left.labels, labels), without(right.labels, labels));
    const isSingle = right.key !== 'any' && right.key.size === 0;
    const key = isApart || isSingle ? union(left.key, right.key) : 'any';
    return { type: 'vector', labels: union(left.labels, right.labels), key };
  }
  if (many !== undefined) {
    const side = many === 'left' ? left : right;
    const isKept = side.key === 'any' || side.key.isDisjointFrom(included);
    return {
      type: 'vector',
      labels: union(side.labels, included),
      key: isKept ? side.key : 'any',
    };
  }
  if (by === 'on') return groupedBy(left.key === 'any' ? right : left, labels);
  const [one, other] = left.key === 'any' ? [right, left] : [left, right];
  const found = one.labels === 'any' ? other.labels : one.labels;
  return { type: 'vector', labels: without(found, labels), key: one.key };
}

function isSame(a: LabelSet, b: LabelSet): boolean {
  return a !== 'any' && b !== 'any' && a.size === b.size && a.isSubsetOf(b);
}

function union(a: LabelSet, b: LabelSet): LabelSet {
  return a === 'any' || b === 'any' ? 'any' : a.union(b);
}

function without(labels: LabelSet, left: ReadonlySet<string>): LabelSet {
  return labels === 'any' ? 'any' : labels.difference(left);
}
