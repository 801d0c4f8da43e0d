import { nearestName } from '../../text/nearest-name.ts';
import type { ReadFault } from './schema/read-by-schema.ts';
import type { MappingEntry, NodeUse, ScalarNode } from './yaml/document.ts';

/** The fields of `rules` in the values of the chart, and the sections of a rules file. */
const SECTIONS = { custom: 'rules', external: 'externalRules', resource: 'resourceRules' } as const;

/** The other fields of `rules` in the values of the chart. */
const OTHERS = ['default', 'defaultResource', 'existing'];

/**
 * The rules file that the chart renders from its values, without the rules of the chart itself. Nodes
 * keep their places in the values file.
 *
 * @param values the root of the values; undefined for an empty file
 */
export function rulesOfValues(
  values: NodeUse | undefined,
  report: (fault: ReadFault) => void,
): NodeUse | undefined {
  const rules = values?.node.kind === 'mapping' ? fieldOf(values, 'rules') : undefined;
  if (rules === undefined) return undefined;
  if (rules.node.kind !== 'mapping') {
    if (!isNothing(rules)) {
      report({
        severity: 'error',
        path: [],
        offset: rules.at,
        message:
          'expected fields such as custom, external and resource: this is not a values file of the chart. To check a rules file, omit --helm-values',
      });
    }
    return undefined;
  }
  const entries = rules.node.entries.flatMap((entry) => sectionOf(entry, report));
  return { at: rules.at, node: { ...rules.node, entries } };
}

function sectionOf(
  entry: MappingEntry,
  report: (fault: ReadFault) => void,
): readonly MappingEntry[] {
  const { key, value } = entry;
  if (key.node.kind !== 'scalar') return [entry];
  const name = key.node.text;
  const section = sectionNamed(name);
  // Helm accepts an empty mapping as an empty list.
  if (section !== undefined) return isNothing(value) ? [] : [renamed(entry, key.node, section)];
  if (!OTHERS.includes(name)) {
    const known = [...Object.keys(SECTIONS), ...OTHERS];
    const meant = nearestName(name, known);
    report({
      severity: 'error',
      path: [],
      offset: key.at,
      message: `unknown value rules.${name}: ${meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`}`,
    });
  }
  return [];
}

function sectionNamed(name: string): string | undefined {
  return Object.entries(SECTIONS).find(([known]) => known === name)?.[1];
}

function renamed(entry: MappingEntry, key: ScalarNode, name: string): MappingEntry {
  return { ...entry, key: { at: entry.key.at, node: { ...key, value: name, text: name } } };
}

function isNothing({ node }: NodeUse): boolean {
  if (node.kind === 'mapping') return node.entries.length === 0;
  return node.kind === 'scalar' && node.value === null;
}

function fieldOf({ node }: NodeUse, name: string): NodeUse | undefined {
  if (node.kind !== 'mapping') return undefined;
  return node.entries.findLast(({ key }) => key.node.kind === 'scalar' && key.node.text === name)
    ?.value;
}

/** The name of a field of the rules file in the values, e.g. `rules.custom[0].name`. */
export function fieldInValues(field: string): string {
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (field === section || field.startsWith(`${section}[`) || field.startsWith(`${section}.`)) {
      return `rules.${name}${field.slice(section.length)}`;
    }
  }
  return field;
}
