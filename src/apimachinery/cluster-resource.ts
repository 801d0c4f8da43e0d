/**
 * A resource of the cluster, as in its discovery documents (metav1.APIResource with its group and preferred
 * version).
 */
export interface ClusterResource {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Preferred version of the group that has this resource, e.g. `v1`. */
  readonly version: string;
  /** Plural lower-case name, e.g. `pods`. */
  readonly resource: string;
  /** Singular lower-case name, e.g. `pod`. */
  readonly singular: string;
  /** e.g. `Pod`. */
  readonly kind: string;
  readonly namespaced: boolean;
}

/**
 * The resources of the cluster at one moment, immutable. Follows the RESTMapper of
 * k8s.io/apimachinery/pkg/api/meta.
 */
export interface ResourceMapper {
  /** All resources except subresources, with groups in the order of the server. */
  readonly resources: readonly ClusterResource[];

  /**
   * The resource with a name, or undefined if the cluster has none.
   *
   * @param group API group; empty means any: the first in the cluster's order of groups. A prefix of a group
   *   is sufficient (`cheese` finds `cheese.io`) if no group has this name.
   * @param resource plural or singular name, in any case. Short names (`po`) are not supported.
   */
  find(group: string, resource: string): ClusterResource | undefined;
}

/** `resource` or `resource.group`, the form of discovery documents, e.g. `deployments.apps`. */
export function qualifiedName(resource: { group: string; resource: string }): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}
