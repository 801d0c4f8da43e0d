import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../../apimachinery/cluster-resource.ts';
import type { ReportFault } from '../fault.ts';
import type { LabelledResource, ObjectLabels } from '../rule.ts';
import type { GroupResourceReference, ResourceAssociation } from './definition.ts';
import { compileLabelTemplate, type LabelTemplate } from './label-template.ts';

/**
 * `resources` of a rule. If several labels stand for one resource, the overrides take precedence (in the
 * order of the file), then the label that the template writes, then others that the template reads (in
 * alphabetical order).
 */
export interface ResourceLabels extends ObjectLabels {
  /** The overrides in the order of the file. */
  readonly overrides: ReadonlyMap<string, GroupResourceReference>;
}

/**
 * Compiles `resources`.
 *
 * @returns undefined if an error was reported. Resources need not exist: those of the cluster change
 *   while the rules do not.
 */
export function compileResourceLabels(
  association: ResourceAssociation,
  report: ReportFault,
): ResourceLabels | undefined {
  const { overrides } = association;
  if (association.template === '') return resourceLabels(overrides, undefined);
  const template = compileLabelTemplate(association.template, report);
  return template && resourceLabels(overrides, template);
}

function resourceLabels(
  overrides: ReadonlyMap<string, GroupResourceReference>,
  template: LabelTemplate | undefined,
): ResourceLabels {
  const byMapper = new WeakMap<ResourceMapper, ReadonlyMap<string, ClusterResource>>();

  function resolvedOverrides(mapper: ResourceMapper): ReadonlyMap<string, ClusterResource> {
    const known = byMapper.get(mapper);
    if (known !== undefined) return known;
    const resolved = resolve(overrides, mapper);
    byMapper.set(mapper, resolved);
    return resolved;
  }

  return {
    overrides,
    fixedLabels: [...overrides.keys()],
    readsOtherLabels: template !== undefined,

    describedBy(labels, mapper) {
      const present = new Set(labels);
      const described = new Map<string, LabelledResource>();
      const add = (label: string, resource: ClusterResource): void => {
        const key = qualifiedName(resource);
        if (!described.has(key)) described.set(key, { label, resource });
      };
      for (const [label, resource] of resolvedOverrides(mapper)) {
        if (present.has(label)) add(label, resource);
      }
      if (template !== undefined) {
        const unclaimed = [...present].filter((label) => !overrides.has(label));
        for (const { label, resource } of readLabels(unclaimed, template, mapper)) {
          add(label, resource);
        }
      }
      return [...described.values()];
    },

    labelOf(resource, mapper) {
      for (const [label, overridden] of resolvedOverrides(mapper)) {
        if (qualifiedName(overridden) === qualifiedName(resource)) return label;
      }
      return template?.write(resource);
    },
  };
}

function resolve(
  overrides: ReadonlyMap<string, GroupResourceReference>,
  mapper: ResourceMapper,
): ReadonlyMap<string, ClusterResource> {
  const resolved = new Map<string, ClusterResource>();
  for (const [label, reference] of overrides) {
    const resource = mapper.find(reference.group, reference.resource);
    if (resource !== undefined) resolved.set(label, resource);
  }
  return resolved;
}

/** The labels that the template reads. Those that it also writes come first. */
function readLabels(
  labels: readonly string[],
  template: LabelTemplate,
  mapper: ResourceMapper,
): readonly LabelledResource[] {
  const own: LabelledResource[] = [];
  const others: LabelledResource[] = [];
  for (const label of labels.toSorted()) {
    const resource = template.read(label, mapper);
    if (resource === undefined) continue;
    (template.write(resource) === label ? own : others).push({ label, resource });
  }
  return [...own, ...others];
}
