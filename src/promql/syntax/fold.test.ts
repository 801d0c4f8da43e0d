import { describe, expect, it } from 'vitest';
import { childNamed, foldTree } from './fold.ts';
import { parsePromql } from './parse.ts';

describe('foldTree', () => {
  it('passes each node the values of its children', () => {
    const { tree } = parsePromql('sum(up) + abs(-down)');
    const names = foldTree<string>(tree, (node, children) =>
      children.length === 0 ? node.name : `${node.name}(${children.join(',')})`,
    );
    expect(names).toBe(tree.toString());
  });
});

describe('childNamed', () => {
  const { topNode } = parsePromql('sum by (pod) (up)').tree;
  const sum = childNamed(topNode, 'AggregateExpr');

  it('finds the first or last child with a name', () => {
    const names = ['AggregateOp', 'AggregateModifier', 'FunctionCallBody'];
    expect(names.map((name) => childNamed(sum, name)?.name)).toEqual(names);
    const { topNode: sides } = parsePromql('up + down').tree;
    const first = childNamed(childNamed(sides, 'BinaryExpr'), 'VectorSelector');
    expect(first?.from).toBe(0);
  });

  it('returns null if there is none', () => {
    expect(childNamed(sum, 'VectorSelector')).toBeNull();
    expect(childNamed(null, 'AggregateExpr')).toBeNull();
    expect(childNamed(undefined, 'AggregateExpr')).toBeNull();
  });
});
