import type { IndexedObject } from './indexed-objects.ts';
import type { ObjectIndex, ObjectsRequest } from './object-index.ts';

/** Names and labels of the pods that run, and of objects of other kinds. */
export interface ClusterObjectMetadata {
  /**
   * The objects that match, sorted by namespace and name; of pods, those that run. None where a name
   * or a namespace is none that an object can have.
   *
   * @throws {KubernetesError}
   */
  list(request: Omit<ObjectsRequest, 'fieldSelector'>): Promise<readonly IndexedObject[]>;
}

/** The phase of a pod is not in its metadata: the API server has to tell the pods that run. */
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
