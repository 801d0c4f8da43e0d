import type { IndexedObject } from './indexed-objects.ts';
import type { ObjectIndex, ObjectsRequest } from './object-index.ts';

/** Metadata of running pods, and of objects of other kinds. */
export interface ClusterObjectMetadata {
  /**
   * The objects that match, sorted by namespace and name; for pods, only running ones. Empty for a name
   * or namespace that no object can have.
   *
   * @throws {KubernetesError}
   */
  list(request: Omit<ObjectsRequest, 'fieldSelector'>): Promise<readonly IndexedObject[]>;
}

/** The phase of a pod is not in its metadata, so the API server selects the running pods. */
export function createObjectMetadata(index: Pick<ObjectIndex, 'objects'>): ClusterObjectMetadata {
  return {
    list(request) {
      const { group, resource } = request.resource;
      const isPods = group === '' && resource === 'pods';
      return index.objects(
        isPods ? { ...request, fieldSelector: 'status.phase=Running' } : request,
      );
    },
  };
}
