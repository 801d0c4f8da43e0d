import { inspectQuery } from './checks/check.ts';
import { type LabelQuestion, type LostLabel, labelQuestion, lossOf } from './lost-label.ts';
import { expressionsIn, matchingOf, operandNodes } from './syntax/expression-nodes.ts';
import { childNamed, type PromqlNode } from './syntax/fold.ts';
import { parsePromql } from './syntax/parse.ts';

/**
 * Finds a side of an `or` whose samples never have a label that the result needs and that the other side
 * may have: `sum by (pod) (x) or vector(0)`. Such a sample belongs to no object.
 *
 * @returns the construct that removes the label on that side; undefined if there is no such side
 */
export function deadAlternative(text: string, label: string): LostLabel | undefined {
  const { faults, type } = inspectQuery(text);
  if (faults.length > 0 || type !== 'vector') return undefined;
  const top = expressionsIn(parsePromql(text).tree.topNode)[0];
  return top && search(labelQuestion(text, label), top);
}

/** Follows the expressions that give samples the label. */
function search(question: LabelQuestion, node: PromqlNode): LostLabel | undefined {
  const part = lossOf(question, node);
  if (part.type !== 'vector' || part.loss !== undefined) return undefined;
  for (const next of sourcesOf(question, node)) {
    if (childNamed(node, 'Or') !== null) {
      const { type, loss } = lossOf(question, next);
      if (type === 'vector' && loss !== undefined) return loss;
    }
    const found = search(question, next);
    if (found !== undefined) return found;
  }
  return undefined;
}

function sourcesOf({ text, label }: LabelQuestion, node: PromqlNode): readonly PromqlNode[] {
  switch (node.name) {
    case 'AggregateExpr':
    case 'FunctionCall':
      return operandNodes(node);
    case 'BinaryExpr': {
      const sides = operandNodes(node);
      if (childNamed(node, 'And') !== null || childNamed(node, 'Unless') !== null) {
        return sides.slice(0, 1);
      }
      const { by, labels, many, included } = matchingOf(text, node);
      const mustAgree = (by === 'on') === labels.has(label);
      if (mustAgree || many === undefined) return sides;
      const fromRight = (many === 'right') !== included.has(label);
      return fromRight ? sides.slice(1) : sides.slice(0, 1);
    }
    default:
      return expressionsIn(node);
  }
}
