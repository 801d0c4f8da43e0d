import { describe, expect, it } from 'vitest';
import { foldTree } from './fold.ts';
import { parsePromql } from './parse.ts';

describe('foldTree', () => {
  it('hands each node what was made of its children', () => {
    const { tree } = parsePromql('sum(up) + abs(-down)');
    const names = foldTree<string>(tree, (node, children) =>
      children.length === 0 ? node.name : `${node.name}(${children.join(',')})`,
    );
    expect(names).toBe(tree.toString());
  });
});
