import { describe, expect, it } from 'vitest';
import { parseDocument } from '../yaml/document.ts';
import { toPlain } from './located-value.ts';
import { type ReadFault, readBySchema } from './read-by-schema.ts';
import { rulesFileSchema } from './schema.ts';

function read(text: string): { value: unknown; faults: readonly ReadFault[] } {
  const { root, faults: documentFaults } = parseDocument(text);
  expect(documentFaults).toEqual([]);
  const faults: ReadFault[] = [];
  const located = root && readBySchema(root, rulesFileSchema, (fault) => faults.push(fault));
  return { value: located && toPlain(located), faults };
}

/** The second rule of a file whose first is an anchor `b`. */
function second(base: string, rule: string): unknown {
  const { value, faults } = read(`rules:\n- &b ${base}\n- ${rule}\n`);
  expect(faults.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(value).toMatchObject({ rules: [{}, {}] });
  return value instanceof Object && 'rules' in value && Array.isArray(value.rules)
    ? value.rules[1]
    : undefined;
}

/** The faults of the only rule of a file. */
function errors(rule: string): readonly string[] {
  return read(`rules:\n- ${rule}\n`).faults.map(
    ({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`,
  );
}

// The expectations are what go-yaml 2.4.0 (UnmarshalStrict into the reference's structs) makes.
describe('readBySchema', () => {
  it('converts scalars to text if text is expected', () => {
    const rule = '{seriesQuery: 12, metricsQuery: 0x1F, name: {as: yes, matches: 1_000}}';
    expect(read(`rules: [${rule}]`).value).toEqual({
      rules: [{ seriesQuery: '12', metricsQuery: '0x1F', name: { as: 'yes', matches: '1_000' } }],
    });
    const tagged = '{seriesQuery: !!str 12, metricsQuery: !!int 5, name: {matches: !foo bar}}';
    expect(read(`rules: [${tagged}]`).value).toEqual({
      rules: [{ seriesQuery: '12', metricsQuery: '5', name: { matches: 'bar' } }],
    });
  });

  it('converts words of YAML 1.1 to true or false, and keeps quoted ones for validation', () => {
    const namespaced = (value: string): unknown =>
      read(`externalRules: [{resources: {namespaced: ${value}}}]`).value;
    const rule = (value: unknown) => ({ externalRules: [{ resources: { namespaced: value } }] });
    expect(namespaced('N')).toEqual(rule(false));
    expect(namespaced('on')).toEqual(rule(true));
    expect(namespaced('"true"')).toEqual(rule('true'));
    expect(namespaced('1')).toEqual(rule(1));
  });

  it('takes null as absence', () => {
    expect(read('rules: ~\nresourceRules:\nexternalRules: [null]').value).toEqual({
      externalRules: [{}],
    });
    expect(
      read('rules: [{seriesQuery: ~, name: Null, resources: {overrides: {a: ~}}}]').value,
    ).toEqual({ rules: [{ resources: { overrides: { a: {} } } }] });
    expect(read('resourceRules: {window: }').value).toEqual({ resourceRules: {} });
  });

  it('keeps values of the wrong type for validation', () => {
    expect(read('rules: {a: b}\nbogus: {c: d}\nexternalRules: x').value).toEqual({
      rules: {},
      bogus: {},
      externalRules: 'x',
    });
  });

  it('merges fields, later ones winning', () => {
    expect(second('{seriesQuery: a, metricsQuery: q}', '{<<: *b, seriesQuery: mine}')).toEqual({
      seriesQuery: 'mine',
      metricsQuery: 'q',
    });
    expect(second('{seriesQuery: a}', '{<<: [{seriesQuery: first}, *b]}')).toEqual({
      seriesQuery: 'first',
    });
    expect(second('{seriesQuery: a}', '{<<: *b, <<: {metricsQuery: c}}')).toEqual({
      seriesQuery: 'a',
      metricsQuery: 'c',
    });
  });

  it('merges objects field by field and replaces lists', () => {
    const base =
      '{name: {matches: X}, seriesFilters: [{is: a}], resources: {template: t, overrides: {a: {resource: pod}}}}';
    const rule =
      '{<<: *b, name: {as: o}, seriesFilters: [{isNot: b}], resources: {overrides: {c: {resource: d}}}}';
    expect(second(base, rule)).toEqual({
      name: { matches: 'X', as: 'o' },
      seriesFilters: [{ isNot: 'b' }],
      resources: {
        template: 't',
        overrides: { a: { resource: 'pod' }, c: { resource: 'd' } },
      },
    });
    expect(second(base, '{<<: *b, name: ~, resources: ~}')).toEqual({
      seriesFilters: [{ is: 'a' }],
    });
  });

  it('does not let one use of an anchor change another', () => {
    const { value } = read(
      'rules:\n- &b {name: {as: x}}\n- {<<: *b, name: {matches: y}}\n- {<<: *b}\n',
    );
    expect(value).toEqual({
      rules: [{ name: { as: 'x' } }, { name: { as: 'x', matches: 'y' } }, { name: { as: 'x' } }],
    });
  });

  it('replaces the keys before a merge key, as the reference does, and warns', () => {
    const { value, faults } = read(
      'rules:\n- &b {seriesQuery: a}\n- {seriesQuery: mine, <<: *b}\n',
    );
    expect(value).toEqual({ rules: [{ seriesQuery: 'a' }, { seriesQuery: 'a' }] });
    expect(faults).toMatchObject([{ severity: 'warning', path: ['rules', 1, 'seriesQuery'] }]);
  });

  it('rejects repeated keys', () => {
    expect(errors('{seriesQuery: a, seriesQuery: a}')).toEqual([
      'error rules.0.seriesQuery: "seriesQuery" is set twice',
    ]);
    const twice = 'error rules.0.resources.overrides.a: "a" is set twice';
    expect(errors('{resources: {overrides: {a: {resource: x}, a: {resource: x}}}}')).toEqual([
      twice,
    ]);
    expect(errors('{resources: {overrides: {<<: {a: {resource: x}}, a: {}}}}')).toEqual([twice]);
    expect(errors('{resources: {overrides: {a: {}, <<: {a: {resource: x}}}}}')).toContain(twice);
    expect(errors('{resources: {overrides: {1: {}, "1": {}}}}')).toEqual([
      'error rules.0.resources.overrides.1: "1" is set twice',
    ]);
  });

  it('takes any scalar as the name of a label', () => {
    expect(read('rules: [{resources: {overrides: {1.50: {}, yes: {}, ~: {}}}}]').value).toEqual({
      rules: [{ resources: { overrides: { '1.50': {}, yes: {}, '': {} } } }],
    });
  });

  it('rejects names that are not text, and merging a value without fields', () => {
    expect(errors('{? [a] : 1}')).toEqual([expect.stringContaining('found a list')]);
    expect(errors('{? {a: b} : 1}')).toEqual([expect.stringContaining('found a mapping')]);
    expect(errors('{<<: ~}')).toEqual([expect.stringContaining('a merge key')]);
    expect(errors('{<<: [{seriesQuery: a}, b]}')).toEqual([expect.stringContaining('a merge key')]);
  });

  it('does not confuse names with properties of all objects', () => {
    const { value } = read('{__proto__: {a: 1}, constructor: 1}');
    expect(Object.keys(value ?? {})).toEqual(['__proto__', 'constructor']);
  });
});
