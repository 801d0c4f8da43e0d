// The structure of a query, as our tree and as Prometheus' own parser has it.
import { inspectQuery } from '../../src/promql/checks/check.ts';
import { readSelector } from '../../src/promql/selectors.ts';
import {
  labelsOf,
  type Matching,
  matchingOf,
  operandNodes,
} from '../../src/promql/syntax/expression-nodes.ts';
import type { PromqlNode } from '../../src/promql/syntax/fold.ts';
import { nameAt, parsePromql } from '../../src/promql/syntax/parse.ts';

/**
 * The structure of a query in our tree, signs
 * aside, e.g. `[{__name__=x} + sum by a({__name__=y})]`. Undefined where a modifier
 * stands after a chain of operators, which our tree is known to have otherwise (see `ParsedPromql`).
 */
export function outline(text: string): string | undefined {
  const top = operandNodes(parsePromql(text).tree.topNode)[0];
  try {
    return top && outlineOf(text, top);
  } catch (error) {
    if (error instanceof OtherwiseKnown) return undefined;
    throw error;
  }
}

class OtherwiseKnown extends Error {}

const CHAINS: ReadonlySet<string> = new Set(['BinaryExpr', 'UnaryExpr']);

function outlineOf(text: string, node: PromqlNode): string {
  const operands = operandNodes(node);
  const [first = ''] = CHAINS.has(node.name) ? [] : operands.map(({ name }) => name);
  const parts = () => operands.map((operand) => outlineOf(text, operand));
  switch (node.name) {
    case 'NumberDurationLiteral':
      return 'number';
    case 'StringLiteral':
      return 'string';
    case 'VectorSelector': {
      const { name, matchers } = readSelector(text, node);
      return selectorOutline([
        ...(name === undefined ? [] : [{ name: '__name__', type: '=', value: name }]),
        ...matchers.map(({ name: label, operator, value }) => ({
          name: label,
          type: operator,
          value,
        })),
      ]);
    }
    case 'OffsetExpr':
    case 'StepInvariantExpr':
      if (CHAINS.has(first)) throw new OtherwiseKnown();
      return parts()[0] ?? '';
    case 'MatrixSelector':
      if (CHAINS.has(first)) throw new OtherwiseKnown();
      return `range(${parts()[0]})`;
    case 'SubqueryExpr':
      if (CHAINS.has(first)) throw new OtherwiseKnown();
      return `subquery(${parts()[0]})`;
    case 'ParenExpr':
      return `(${parts()[0]})`;
    case 'UnaryExpr':
      // Our tree takes the sign of a number for a part of it.
      return parts()[0] ?? '';
    case 'FunctionCall':
      return `${nameAt(text, node.from)}(${parts().join()})`;
    case 'AggregateExpr': {
      const modifier = node.getChild('AggregateModifier');
      const list = modifier?.getChild('GroupingLabels');
      const labels = list ? [...labelsOf(text, list)] : [];
      const isWithout = Boolean(modifier?.getChild('Without'));
      return aggregationOutline(nameAt(text, node.from), isWithout, labels, parts());
    }
    case 'BinaryExpr': {
      const [left = '', right = ''] = parts();
      const symbol = nameOfOperator(text, node);
      const isBool = node.getChild('BoolModifier') !== null;
      // With a scalar there is nothing to match, and `on ()` has no effect.
      const matching = operands.some((operand) => isScalar(text, operand))
        ? UNMATCHED
        : matchingOf(text, node);
      return operationOutline(left, symbol, isBool, matching, right);
    }
    default:
      throw new Error(`no outline of ${node.name}`);
  }
}

const UNMATCHED = {
  by: 'ignoring',
  labels: new Set<string>(),
  many: undefined,
  included: new Set<string>(),
} as const;

function isScalar(text: string, { from, to }: PromqlNode): boolean {
  return inspectQuery(text.slice(from, to)).type === 'scalar';
}

function nameOfOperator(text: string, operation: PromqlNode): string {
  const [left] = operandNodes(operation);
  let operator = left?.nextSibling ?? null;
  while (operator?.name === 'LineComment') operator = operator.nextSibling;
  return operator === null ? '' : text.slice(operator.from, operator.to);
}

interface Matcher {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

function selectorOutline(matchers: readonly Matcher[]): string {
  return `{${matchers
    .map(({ name, type, value }) => `${name}${type}${value}`)
    .sort()
    .join()}}`;
}

function aggregationOutline(
  name: string,
  isWithout: boolean,
  labels: readonly string[],
  operands: readonly string[],
): string {
  const by = isWithout ? 'without' : 'by';
  return `${name.toLowerCase()} ${by} ${distinct(labels)}(${operands.join()})`;
}

function operationOutline(
  left: string,
  symbol: string,
  isBool: boolean,
  { by, labels, many, included }: Pick<Matching, 'by' | 'labels' | 'many' | 'included'>,
  right: string,
): string {
  const isPlain = by === 'ignoring' && labels.size === 0 && many === undefined;
  const group = many === undefined ? '' : ` many ${many} ${distinct(included)}`;
  const matching = isPlain ? '' : ` ${by} ${distinct(labels)}${group}`;
  return `[${left} ${symbol.toLowerCase()}${isBool ? ' bool' : ''}${matching} ${right}]`;
}

function distinct(labels: Iterable<string>): string {
  return [...new Set(labels)].sort().join();
}

/** A node as `/api/v1/parse_query` has it, with the fields that are used. */
export interface ParsedNode {
  readonly type: string;
  readonly expr?: ParsedNode;
  readonly args?: readonly ParsedNode[];
  readonly func?: { readonly name: string };
  readonly matchers?: readonly Matcher[];
  readonly op?: string;
  readonly grouping?: readonly string[] | null;
  readonly without?: boolean;
  readonly param?: ParsedNode | null;
  readonly lhs?: ParsedNode;
  readonly rhs?: ParsedNode;
  readonly bool?: boolean;
  readonly matching?: {
    readonly card: string;
    readonly include: readonly string[];
    readonly labels: readonly string[];
    readonly on: boolean;
  } | null;
}

/** The structure of a query as Prometheus has parsed it. */
export function parsedOutline(node: ParsedNode): string {
  const inner = node.expr === undefined ? '' : parsedOutline(node.expr);
  const { op = '' } = node;
  switch (node.type) {
    case 'numberLiteral':
      return 'number';
    case 'stringLiteral':
      return 'string';
    case 'vectorSelector':
      return selectorOutline(node.matchers ?? []);
    case 'matrixSelector':
      return `range(${selectorOutline(node.matchers ?? [])})`;
    case 'subquery':
      return `subquery(${inner})`;
    case 'parenExpr':
      return `(${inner})`;
    case 'unaryExpr':
      return inner;
    case 'call':
      return `${node.func?.name}(${(node.args ?? []).map(parsedOutline).join()})`;
    case 'aggregation': {
      const parameter = node.param ? [parsedOutline(node.param)] : [];
      return aggregationOutline(op, node.without ?? false, node.grouping ?? [], [
        ...parameter,
        inner,
      ]);
    }
    case 'binaryExpr': {
      const [left = '', right = ''] = [node.lhs, node.rhs].map((side) =>
        side === undefined ? '' : parsedOutline(side),
      );
      return operationOutline(left, op, node.bool ?? false, parsedMatching(node), right);
    }
    default:
      throw new Error(`no outline of ${node.type}`);
  }
}

function parsedMatching({ matching }: ParsedNode): Parameters<typeof operationOutline>[3] {
  const many = { 'many-to-one': 'left', 'one-to-many': 'right' } as const;
  const card = matching?.card;
  return {
    by: matching?.on ? 'on' : 'ignoring',
    labels: new Set(matching?.labels),
    many: card === 'many-to-one' || card === 'one-to-many' ? many[card] : undefined,
    included: new Set(matching?.include),
  };
}
