import { describe, expect, it } from 'vitest';
import { type NodeUse, parseDocument } from './document.ts';

/** A node as plain data, without line offsets, to compare the values only. */
function plain({ node }: NodeUse): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'sequence':
      return node.items.map(plain);
    case 'mapping':
      return node.entries.map(({ key, value }) => [plain(key), plain(value)]);
  }
}

function read(text: string): unknown {
  const { root, faults } = parseDocument(text);
  expect(faults).toEqual([]);
  return root && plain(root);
}

function faultOf(text: string): { message: string; before: string } {
  const { root, faults } = parseDocument(text);
  expect(root).toBeUndefined();
  expect(faults).toHaveLength(1);
  const [{ message = '', offset = 0 } = {}] = faults;
  return { message, before: text.slice(0, offset) };
}

describe('parseDocument', () => {
  it('reads scalars by YAML 1.1', () => {
    expect(
      read('[off, Yes, 0x1F, 1_000, 1.5, ~, null, "off", !!str 5, plain, 2001-01-01]'),
    ).toEqual([false, true, 31, 1000, 1.5, null, null, 'off', '5', 'plain', '2001-01-01']);
    expect(read('[!!int "7", !!null "", !!binary aGVsbG8=, !ours yes, !!float 5]')).toEqual([
      7,
      null,
      'hello',
      'yes',
      5,
    ]);
  });

  it.each(['', '\n', '# only a comment\n', '...\n'])('finds nothing in %j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('keeps duplicate and merge keys', () => {
    const { root } = parseDocument('{a: 1, a: 2, <<: {b: 3}, "<<": 4, !!merge <<: {}}');
    if (root?.node.kind !== 'mapping') throw new Error('expected a mapping');
    expect(root.node.entries.map(({ isMerge }) => isMerge)).toEqual([
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  it('has the start of each value and of each alias', () => {
    const text = "a: &x 'one'\nb: *x\nc:\n- |\n\n  two\n- {d: }\n";
    const { root } = parseDocument(text);
    if (root?.node.kind !== 'mapping') throw new Error('expected a mapping');
    const [first, second, third] = root.node.entries;
    expect(text.slice(first?.value.at)).toMatch(/^'one'/);
    expect(text.slice(second?.value.at)).toMatch(/^\*x/);
    expect(text.slice(second?.value.node.start)).toMatch(/^'one'/);
    if (third?.value.node.kind !== 'sequence') throw new Error('expected a sequence');
    const [block, flow] = third.value.node.items;
    expect(text.slice(block?.at)).toMatch(/^two/);
    expect(text.slice(flow?.at)).toMatch(/^\{d/);
  });

  it('takes the latest of several anchors of one name', () => {
    expect(read('[&x a, *x, &x b, *x]')).toEqual(['a', 'a', 'b', 'b']);
  });

  it.each([
    ['a: *nope', 'a: ', 'no anchor &nope'],
    ['a: &x [*x]', 'a: &x [', 'is inside its own anchor'],
    ['a: !!int x', 'a: !!int ', 'does not fit its tag !!int'],
    ['a: [b', 'a: [b', 'not YAML'],
    ['a: b\n\tc: d', 'a: b\n', 'tab'],
    ['a: "\\q"', 'a: "\\', 'not YAML: unknown escape sequence'],
  ])('reports the fault of %j and its place', (text, before, message) => {
    const fault = faultOf(text);
    expect(fault.message).toContain(message);
    expect(fault.before).toBe(before);
  });

  it('rejects a document that grows without bounds through aliases', () => {
    const lists = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 40; level++) {
      const alias = `*a${level - 1}`;
      lists.push(`a${level}: &a${level} [${Array(10).fill(alias).join(', ')}]`);
    }
    expect(faultOf(lists.join('\n')).message).toContain('too large once its aliases are replaced');

    const chain = ['a0: &a0 [x]'];
    for (let level = 1; level < 200; level++) chain.push(`a${level}: &a${level} [*a${level - 1}]`);
    expect(faultOf(chain.join('\n')).message).toContain('too large');

    const long = `a: &a '${'x'.repeat(1_000_000)}'\nb: [${Array(30).fill('*a').join(', ')}]`;
    expect(faultOf(long).message).toContain('too large');
  });

  it('rejects a document that is nested too deeply', () => {
    expect(faultOf('['.repeat(10_000)).message).toContain('nesting');
    expect(faultOf(`${'- '.repeat(10_000)}x`).message).toContain('nesting');
  });

  it('leaves a second document unread, even one that is no YAML', () => {
    const { root, faults } = parseDocument('a: 1\n---\n]]] {{{\n');
    expect(root && plain(root)).toEqual([['a', 1]]);
    expect(faults).toEqual([
      { severity: 'warning', offset: 9, message: expect.stringContaining('only the first') },
    ]);
  });
});
