import type { parser } from '@prometheus-io/lezer-promql';

/** The syntax tree of a query, as the grammar gives it. */
export type PromqlTree = ReturnType<typeof parser.parse>;
export type PromqlNode = PromqlTree['topNode'];

/**
 * Makes one value of a tree, from the leaves up. Uses no call stack, so that depth is no limit.
 *
 * @param combine called for each node after its children, with what was made of them
 * @returns what was made of the top node
 */
export function foldTree<T>(
  tree: PromqlTree,
  combine: (node: PromqlNode, children: readonly T[]) => T,
): T | undefined {
  const open: T[][] = [[]];
  tree.iterate({
    enter: () => {
      open.push([]);
    },
    leave: (node) => {
      const children = open.pop() ?? [];
      open.at(-1)?.push(combine(node.node, children));
    },
  });
  return open[0]?.[0];
}
