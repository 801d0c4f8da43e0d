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

/**
 * The first child of a node with a name. Many times as fast as the node's own `getChild`, which makes
 * a cursor with all of the node's ancestors for each call.
 */
export function childNamed(node: PromqlNode | null | undefined, name: string): PromqlNode | null {
  let child = node?.firstChild ?? null;
  while (child !== null && child.name !== name) child = child.nextSibling;
  return child;
}
