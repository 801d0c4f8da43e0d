import { labelsOf } from '../syntax/expression-nodes.ts';
import { childNamed, type PromqlNode } from '../syntax/fold.ts';
import { nameAt } from '../syntax/parse.ts';
import {
  NotSeparable,
  openGrouping,
  type Part,
  type Separation,
  type Vector,
  without,
} from './separability-part.ts';

/** Aggregations with one sample per group, which does not depend on other groups. */
const WITHIN_GROUPS: ReadonlySet<string> = new Set([
  ...['avg', 'count', 'group', 'max', 'min', 'quantile', 'stddev', 'stdvar', 'sum'],
]);

/** An aggregation such as `sum by (pod) (x)`. A group must not contain several objects. */
export function separateAggregation(
  separation: Separation,
  node: PromqlNode,
  operands: readonly Part[],
): Vector {
  const { text, object, namespace } = separation;
  const name = nameAt(text, node.from).toLowerCase();
  if (!WITHIN_GROUPS.has(name)) {
    throw new NotSeparable(`\`${name}\` returns several samples of a group, or selects some`);
  }
  const inner = operands.find((operand) => operand.type === 'vector');
  if (inner === undefined) throw new NotSeparable(`\`${name}\` is of no object's samples`);
  const modifier = childNamed(node, 'AggregateModifier');
  const list = childNamed(modifier, 'GroupingLabels');
  if (!modifier || !list) throw notGrouped(name, object.label);
  const labels = labelsOf(text, list);
  if (childNamed(modifier, 'Without') !== null) {
    if (labels.has(object.label)) throw notGrouped(name, object.label);
    if (namespace !== undefined && labels.has(namespace.label)) {
      throw new NotSeparable(`\`${name}\` takes away the label \`${namespace.label}\``);
    }
    return { ...inner, labels: without(inner.labels, labels) };
  }
  if (!labels.has(object.label)) throw notGrouped(name, object.label);
  openGrouping(separation, list, labels);
  return {
    type: 'vector',
    labels,
    hasNamespace: inner.hasNamespace && namespace !== undefined && labels.has(namespace.label),
  };
}

function notGrouped(name: string, label: string): NotSeparable {
  return new NotSeparable(`\`${name}\` is not grouped by \`${label}\``);
}
