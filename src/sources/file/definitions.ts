import type {
  DiscoveryRule,
  GroupResourceReference,
  ResourceAssociation,
  ResourceRule,
  SeriesFilter,
} from '../../rules/template-rule/definition.ts';
import { childOf, type LocatedValue } from './schema/located-value.ts';

/*
 * Converts the values of a file to rule definitions, with defaults. Values of the wrong type are treated as
 * absent; validation reports them.
 */

/** An item of `rules` or `externalRules`. */
export function discoveryRule(rule: LocatedValue): DiscoveryRule {
  const name = childOf(rule, 'name');
  const sharing = childOf(rule, 'sharing');
  return Object.freeze({
    seriesQuery: textIn(rule, 'seriesQuery'),
    seriesFilters: Object.freeze(itemsIn(rule, 'seriesFilters').map(seriesFilter)),
    resources: resourceAssociation(childOf(rule, 'resources')),
    name: Object.freeze({ matches: textIn(name, 'matches'), as: textIn(name, 'as') }),
    metricsQuery: textIn(rule, 'metricsQuery'),
    sharing: sharing?.kind !== 'scalar' || sharing.value !== false,
  });
}

/** `resourceRules.cpu` or `resourceRules.memory`. */
export function resourceRule(rule: LocatedValue | undefined): ResourceRule {
  return Object.freeze({
    containerQuery: textIn(rule, 'containerQuery'),
    nodeQuery: textIn(rule, 'nodeQuery'),
    resources: resourceAssociation(rule && childOf(rule, 'resources')),
    containerLabel: textIn(rule, 'containerLabel'),
  });
}

function seriesFilter(filter: LocatedValue): SeriesFilter {
  return Object.freeze({ is: textIn(filter, 'is'), isNot: textIn(filter, 'isNot') });
}

function resourceAssociation(resources: LocatedValue | undefined): ResourceAssociation {
  const overrides = resources && childOf(resources, 'overrides');
  const entries = overrides?.kind === 'fields' ? [...overrides.fields] : [];
  const namespaced = resources && childOf(resources, 'namespaced');
  return Object.freeze({
    overrides: new Map(entries.map(([label, reference]) => [label, groupResource(reference)])),
    template: textIn(resources, 'template'),
    namespaced: namespaced?.kind !== 'scalar' || namespaced.value !== false,
  });
}

function groupResource(reference: LocatedValue): GroupResourceReference {
  return Object.freeze({
    group: textIn(reference, 'group'),
    resource: textIn(reference, 'resource'),
  });
}

/** The text of a field; empty if there is none. */
export function textIn(parent: LocatedValue | undefined, name: string): string {
  const field = parent && childOf(parent, name);
  return field?.kind === 'scalar' && typeof field.value === 'string' ? field.value : '';
}

/** The items of a list; none if there is no list. */
export function itemsIn(parent: LocatedValue, name: string): readonly LocatedValue[] {
  const list = childOf(parent, name);
  return list?.kind === 'list' ? list.items : [];
}
