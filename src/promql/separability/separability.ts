import { inspectQuery } from '../checks/check.ts';
import { matcherNodes, readMatcher, readSelector } from '../selectors.ts';
import { expressionsIn, operandNodes, wordsOf } from '../syntax/expression-nodes.ts';
import type { PromqlNode } from '../syntax/fold.ts';
import { parsePromql } from '../syntax/parse.ts';
import { separateAggregation } from './separability-aggregation.ts';
import { separateOperation } from './separability-binary.ts';
import { separateCall } from './separability-call.ts';
import { NotSeparable, type Part, type Question, type Separation } from './separability-part.ts';

/** A piece of a query, in UTF-16 units from its start. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

export type Separability =
  | {
      readonly separable: true;
      /** The matchers of the requested objects, e.g. `pod="a"`. */
      readonly objectMatchers: readonly Place[];
      /** The matchers of the namespace, if there is one. */
      readonly namespaceMatchers: readonly Place[];
      /** The offsets where the label of the namespace and a comma must be inserted into a list of labels. */
      readonly groupings: readonly number[];
    }
  | {
      readonly separable: false;
      /** A clause in words, e.g. ```topk` chooses between series``. */
      readonly reason: string;
    };

/**
 * Determines whether the query for all objects of all namespaces gives the values of the query for one object. In
 * the query for all objects, the matchers of object and namespace are opened, and the namespace is added to the
 * grouping. A query is separable if each object gets the same samples as from its own query, and at most one
 * sample for each set of values of `partLabels`. If this is not known, the query is not separable.
 *
 * Errors are the exception: if the samples of one object make a query fail, the query for all objects fails for
 * all. Each object then needs its own query.
 */
export function separateByObject(question: Question): Separability {
  const { text, object, namespace } = question;
  const { faults, type } = inspectQuery(text);
  if (faults.length > 0) return notSeparable('the query could not be parsed as PromQL');
  const top = expressionsIn(parsePromql(text).tree.topNode)[0];
  if (top === undefined || type === undefined) return notSeparable('the query is nested too deep');
  if (object.label === namespace?.label) {
    return notSeparable(`\`${object.label}\` is the label of the object and of its namespace`);
  }
  const separation: Separation = {
    ...question,
    objectMatchers: [],
    namespaceMatchers: [],
    groupings: [],
  };
  try {
    checkResult(separate(separation, top), separation);
  } catch (error) {
    if (error instanceof NotSeparable) return notSeparable(error.message);
    throw error;
  }
  const { objectMatchers, namespaceMatchers, groupings } = separation;
  return { separable: true, objectMatchers, namespaceMatchers, groupings };
}

function notSeparable(reason: string): Separability {
  return { separable: false, reason };
}

/** Of several samples of one object the last is used, and their order is not known. */
function checkResult(result: Part, { object, namespace, partLabels = [] }: Question): void {
  if (result.type !== 'vector')
    throw new NotSeparable('the query returns a number without an object');
  const others =
    result.labels === 'any'
      ? ['any']
      : [...result.labels].filter((label) => {
          const isKnown = label === object.label || label === namespace?.label;
          return !isKnown && !partLabels.includes(label);
        });
  if (others.length > 0) {
    throw new NotSeparable(
      `an object may have several samples: the result is not grouped by \`${object.label}\` alone`,
    );
  }
}

/** From the inside out: whether each sample of an expression depends on the series of one object only. */
function separate(separation: Separation, node: PromqlNode): Part {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { type: 'scalar' };
    case 'VectorSelector':
      return separateSelector(separation, node);
    case 'ParenExpr':
    case 'UnaryExpr':
      return only(separation, node);
    case 'MatrixSelector':
      return modified(separation, node, ['VectorSelector']);
    case 'OffsetExpr':
      return modified(separation, node, ['VectorSelector', 'MatrixSelector', 'SubqueryExpr']);
    case 'SubqueryExpr':
      return modified(separation, node, SUBQUERIED);
    case 'AggregateExpr':
      return separateAggregation(separation, node, operandsOf(separation, node));
    case 'FunctionCall':
      return separateCall(separation, node, operandsOf(separation, node));
    case 'BinaryExpr':
      return separateOperation(separation, node, operandsOf(separation, node));
    default:
      throw new NotSeparable(`\`${shortened(separation.text, node)}\` is not analyzed`);
  }
}

/** The expression of a subquery. For a chain of operators, the tree differs from that of Prometheus. */
const SUBQUERIED = ['VectorSelector', 'ParenExpr', 'FunctionCall', 'AggregateExpr'];

function only(separation: Separation, node: PromqlNode): Part {
  const [inner] = expressionsIn(node);
  if (inner === undefined) throw new NotSeparable('a part of the query is empty');
  return separate(separation, inner);
}

/** A range, a subquery or an offset does not change the labels of series. */
function modified(separation: Separation, node: PromqlNode, of: readonly string[]): Part {
  const [inner] = expressionsIn(node);
  if (inner === undefined || !of.includes(inner.name)) {
    throw new NotSeparable(
      'a modifier after a chain of operators applies to the last link only: it needs parentheses',
    );
  }
  return separate(separation, inner);
}

function separateSelector(separation: Separation, node: PromqlNode): Part {
  const { text, object, namespace } = separation;
  const selector = readSelector(text, node);
  const isNamed =
    selector.name !== undefined ||
    selector.matchers.some(({ name, operator }) => name === '__name__' && operator === '=');
  if (!isNamed) throw new NotSeparable('a selector has no metric name');
  const written = selector.name === undefined ? 'a selector' : `\`${selector.name}\``;
  const objectPlaces = placesOf(text, node, object);
  if (objectPlaces.length === 0) {
    throw new NotSeparable(`${written} is not limited to the requested objects`);
  }
  const namespacePlaces = namespace === undefined ? [] : placesOf(text, node, namespace);
  if (namespace !== undefined && namespacePlaces.length === 0) {
    throw new NotSeparable(`${written} is not limited to the requested namespace`);
  }
  separation.objectMatchers.push(...objectPlaces);
  separation.namespaceMatchers.push(...namespacePlaces);
  return { type: 'vector', labels: 'any', hasNamespace: namespace !== undefined };
}

function placesOf(
  text: string,
  selector: PromqlNode,
  { label, value }: Question['object'],
): readonly Place[] {
  return matcherNodes(selector).flatMap((node) => {
    const matcher = readMatcher(text, node);
    const isAsked =
      matcher?.name === label &&
      (matcher.operator === '=' || matcher.operator === '=~') &&
      matcher.value === value;
    return isAsked ? [{ from: node.from, to: node.to }] : [];
  });
}

function operandsOf(separation: Separation, node: PromqlNode): readonly Part[] {
  return operandNodes(node).map((operand) =>
    operand.name === 'StringLiteral'
      ? { type: 'string', text: wordsOf(separation.text, operand) }
      : separate(separation, operand),
  );
}

function shortened(text: string, node: PromqlNode): string {
  const written = text.slice(node.from, node.to).replaceAll(/\s+/g, ' ');
  return written.length > 60 ? `${written.slice(0, 60)}…` : written;
}
