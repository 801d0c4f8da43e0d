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

/** The part of a query that removes a label from all samples of its result. */
export interface LostLabel {
  /** The operator or function, in UTF-16 units from the query's start. */
  readonly from: number;
  readonly to: number;
  readonly by: 'aggregation' | 'matching' | 'function';
  /** A clause in words, e.g. ```sum` is not grouped by `pod```. */
  readonly reason: string;
}

/**
 * Determines whether no sample of the result of a query can have a label, for any series.
 *
 * @returns undefined if a sample may have it, or if this is not known: for a query with faults, a number, or an
 *   unknown function
 */
export function lostLabel(text: string, label: string): LostLabel | undefined {
  const { faults, type } = inspectQuery(text);
  if (faults.length > 0 || type !== 'vector') return undefined;
  const top = expressionsIn(parsePromql(text).tree.topNode)[0];
  return top && lossOf(labelQuestion(text, label), top).loss;
}

/** A label of the samples of a query. */
export interface LabelQuestion {
  readonly text: string;
  readonly label: string;
  /** The known results, by the place of the expression. */
  readonly known: Map<number, LabelledPart>;
}

export function labelQuestion(text: string, label: string): LabelQuestion {
  return { text, label, known: new Map() };
}

/** An expression. A range is treated as a vector. */
export interface LabelledPart {
  readonly type: 'vector' | 'scalar' | 'string';
  /** Undefined: its samples may have the label. */
  readonly loss?: LostLabel | undefined;
}

const KEPT: LabelledPart = { type: 'vector' };

/** The effect of an expression on a label, in a query without faults. */
export function lossOf(question: LabelQuestion, node: PromqlNode): LabelledPart {
  // Expressions at the same place differ only in parentheses or modifiers, which keep all labels.
  const place = node.from * (question.text.length + 1) + node.to;
  const known = question.known.get(place);
  if (known !== undefined) return known;
  const found = newLossOf(question, node);
  question.known.set(place, found);
  return found;
}

function newLossOf(question: LabelQuestion, node: PromqlNode): LabelledPart {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { type: 'scalar' };
    case 'StringLiteral':
      return { type: 'string' };
    case 'AggregateExpr':
      return lossOfAggregation(question, node);
    case 'FunctionCall':
      return lossOfCall(question, node);
    case 'BinaryExpr':
      return lossOfOperation(question, node);
    default: {
      const [inner] = expressionsIn(node);
      return inner === undefined ? KEPT : lossOf(question, inner);
    }
  }
}

function operandsOf(question: LabelQuestion, node: PromqlNode): readonly LabelledPart[] {
  return operandNodes(node).map((operand) => lossOf(question, operand));
}

/** Aggregations that select samples, which keep their labels for any grouping. */
const CHOOSING: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

function lossOfAggregation(question: LabelQuestion, node: PromqlNode): LabelledPart {
  const { text, label } = question;
  const name = nameAt(text, node.from);
  const inner = operandsOf(question, node).find(({ type }) => type === 'vector') ?? KEPT;
  if (CHOOSING.has(name.toLowerCase())) return inner;
  if (name.toLowerCase() === 'count_values' && writtenLabel(text, node, 0) === label) return KEPT;
  const modifier = childNamed(node, 'AggregateModifier');
  const list = childNamed(modifier, 'GroupingLabels');
  const labels = list ? labelsOf(text, list) : new Set<string>();
  const isWithout = Boolean(childNamed(modifier, 'Without'));
  if (inner.loss !== undefined || isWithout !== labels.has(label)) return inner;
  const reason = isWithout
    ? `\`${name} without\` takes the label \`${label}\` away`
    : `\`${name}\` is not grouped by \`${label}\``;
  return lost(node, name, 'aggregation', reason);
}

function lossOfCall(question: LabelQuestion, node: PromqlNode): LabelledPart {
  const { text, label } = question;
  const name = nameAt(text, node.from);
  const signature = FUNCTIONS.get(name);
  if (signature === undefined) return KEPT;
  if (signature.result === 'scalar') return { type: 'scalar' };
  switch (name) {
    // The result has the labels in the matchers of its selector.
    case 'absent':
    case 'absent_over_time':
    // Adds labels of other series.
    case 'info':
      return KEPT;
    case 'label_replace':
    case 'label_join':
    case 'histogram_quantiles':
      if (writtenLabel(text, node, 1) === label) return KEPT;
      break;
    case 'histogram_quantile':
      if (label === 'le') return lost(node, name, 'function', `\`${name}\` takes \`le\` away`);
  }
  const inner = operandsOf(question, node).find(({ type }) => type === 'vector');
  return (
    inner ??
    lost(node, name, 'function', `\`${name}\` gives a sample without the label \`${label}\``)
  );
}

/** The text of an argument that names a label, e.g. the second of `label_replace`. */
function writtenLabel(text: string, node: PromqlNode, index: number): string | undefined {
  const argument = operandNodes(node)[index];
  return argument?.name === 'StringLiteral' ? wordsOf(text, argument) : undefined;
}

function lossOfOperation(question: LabelQuestion, node: PromqlNode): LabelledPart {
  const [left = KEPT, right = KEPT] = operandsOf(question, node);
  if (left.type !== 'vector') return right;
  if (right.type !== 'vector') return left;
  if (childNamed(node, 'And') !== null || childNamed(node, 'Unless') !== null) return left;
  if (childNamed(node, 'Or') !== null || childNamed(node, 'FillModifier') !== null) {
    return left.loss === undefined ? left : right;
  }
  return lossOfMatching(question, node, left, right);
}

function lossOfMatching(
  question: LabelQuestion,
  node: PromqlNode,
  left: LabelledPart,
  right: LabelledPart,
): LabelledPart {
  const { text, label } = question;
  const { keyword = node, by, labels, many, included } = matchingOf(text, node);
  const [manySide, oneSide] = many === 'right' ? [right, left] : [left, right];
  if (included.has(label)) return oneSide;
  // If one side never has a matched label, only samples without it match.
  if ((by === 'on') === labels.has(label)) return left.loss === undefined ? right : left;
  if (many !== undefined) return manySide;
  return lost(keyword, by, 'matching', `\`${by}\` takes the label \`${label}\` away`);
}

function lost(node: PromqlNode, word: string, by: LostLabel['by'], reason: string): LabelledPart {
  return { type: 'vector', loss: { from: node.from, to: node.from + word.length, by, reason } };
}
