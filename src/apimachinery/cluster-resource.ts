/**
 * A kind of object that the cluster serves, as its discovery documents describe it
 * (metav1.APIResource together with its group and preferred version).
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
  /** Every resource, groups in the server's own order, without subresources. */
  readonly resources: readonly ClusterResource[];

  /**
   * The resource that a name stands for, or undefined where the cluster has none.
   *
   * @param group API group; empty means "any", the cluster's own order of groups deciding. A
   *   prefix of a group is enough (`cheese` finds `cheese.io`) where no group has that very name.
   * @param resource plural or singular name, in any case. Short names (`po`) do not count.
   */
  find(group: string, resource: string): ClusterResource | undefined;
}

/** `resource` or `resource.group`, the form of discovery documents, e.g. `deployments.apps`. */
export function qualifiedName(resource: { group: string; resource: string }): string {
  return resource.group === '' ? resource.resource : `${resource.resource}.${resource.group}`;
}
