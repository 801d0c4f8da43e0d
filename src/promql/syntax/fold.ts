import type { parser } from '@prometheus-io/lezer-promql';

/** The syntax tree of a query. */
export type PromqlTree = ReturnType<typeof parser.parse>;
export type PromqlNode = PromqlTree['topNode'];

/**
 * Folds a tree into one value, from the leaves up. It does not recurse, so that the depth is not limited.
 *
 * @param combine called for each node after its children, with their values
 * @returns the value of the top node
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
 * The first child of a node with a name. Much faster than `getChild` of the node, which creates a
 * cursor with all ancestors in each call.
 */
export function childNamed(node: PromqlNode | null | undefined, name: string): PromqlNode | null {
  let child = node?.firstChild ?? null;
  while (child !== null && child.name !== name) child = child.nextSibling;
  return child;
}
