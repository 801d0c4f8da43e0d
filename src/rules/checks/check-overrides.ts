import { qualifiedName, type ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { nearestName } from '../../text/nearest-name.ts';
import type { ReportFault } from '../fault.ts';
import type { ResourceLabels } from '../template-rule/resource-labels.ts';

export interface OverrideOptions {
  /** The severity of an override for an unknown resource. */
  readonly unknownResource: 'error' | 'warning';
}

/** Checks that each override names an existing resource, and a different one. */
export function checkOverrides(
  resources: ResourceLabels,
  path: readonly string[],
  mapper: ResourceMapper,
  options: OverrideOptions,
  report: ReportFault,
): void {
  const labels = new Map<string, string>();
  for (const [label, { group, resource: name }] of resources.overrides) {
    const at = [...path, label];
    if (name === '') {
      report({
        severity: 'error',
        path: at,
        message: 'an override names a resource: expected e.g. {resource: pod}',
      });
      continue;
    }
    const resource = mapper.find(group, name);
    if (resource === undefined) {
      report({
        severity: options.unknownResource,
        path: at,
        message: unknownResource(group, name, mapper),
      });
      continue;
    }
    const other = labels.get(qualifiedName(resource));
    if (other === undefined) {
      labels.set(qualifiedName(resource), label);
    } else {
      report({
        severity: 'warning',
        path: at,
        message: `the label "${other}" already maps to ${qualifiedName(resource)}: for a series with both labels, "${other}" is used`,
      });
    }
  }
}

function unknownResource(group: string, name: string, mapper: ResourceMapper): string {
  const named = group === '' ? `"${name}"` : `"${name}" of the group "${group}"`;
  const elsewhere = mapper.find('', name);
  if (elsewhere !== undefined) {
    const place = elsewhere.group === '' ? 'the core group' : `the group "${elsewhere.group}"`;
    return `no resource ${named} is known: ${elsewhere.resource} belong to ${place}`;
  }
  const meant = nearestName(name, namesOf(mapper));
  const suggestion = meant === undefined ? '' : `did you mean "${meant}"? `;
  return `no resource ${named} is known: ${suggestion}expected the plural or singular name of one, such as "pods" or "deployment" (short names do not count), and its group where several have it`;
}

function namesOf(mapper: ResourceMapper): ReadonlySet<string> {
  return new Set(mapper.resources.flatMap(({ singular, resource }) => [singular, resource]));
}
