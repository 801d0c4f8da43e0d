import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../../apimachinery/cluster-resource.ts';
import type { ReportFault } from '../fault.ts';
import type { GroupResourceReference, ResourceAssociation } from './definition.ts';
import { compileLabelTemplate, type LabelTemplate } from './label-template.ts';

/** A label of a series that names an object of the cluster. */
export interface LabelledResource {
  readonly label: string;
  readonly resource: ClusterResource;
}

/** `resources` of a rule: which labels stand for which resources. */
export interface ResourceLabels {
  /** The overrides in the order of the file, for checks. */
  readonly overrides: ReadonlyMap<string, GroupResourceReference>;
  readonly hasTemplate: boolean;
  /**
   * The resources that a series with these labels describes, one label each. Where several labels
   * stand for one resource, overrides come first (in the order of the file), then the label that
   * the template writes, then others that the template reads (in alphabetical order).
   */
  describedBy(labels: Iterable<string>, mapper: ResourceMapper): readonly LabelledResource[];
  /** The label for a resource whatever the series: the first override, else the template's. */
  labelOf(resource: ClusterResource, mapper: ResourceMapper): string | undefined;
}

/**
 * Compiles `resources`.
 *
 * @returns undefined when an error was reported. Whether the resources exist is not its concern:
 *   the cluster's kinds change while the rules stay.
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
    hasTemplate: template !== undefined,

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

/** Labels that the template reads, those that it would write itself before the others. */
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
