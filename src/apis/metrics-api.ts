import type { ApiResource } from '../apiserver/registration/api-registration.ts';
import { JSON_TYPE, PROTOBUF_TYPE } from '../apiserver/representation/negotiation.ts';
import { failure, internalError, type Status } from '../apiserver/status.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CustomMetricRequest } from '../metrics/custom.ts';
import { MetricsError, ObjectNotFoundError } from '../metrics/metrics-error.ts';

/** Additional data of a request for the APIs of this folder. */
export interface MetricsContext {
  /** Called for every query that the request needs. */
  readonly onQuery: NonNullable<CustomMetricRequest['onQuery']>;
}

/**
 * The media types of a watch, which Kubernetes' library lists for metric values, although a watch is
 * not supported.
 */
export const WATCH_MEDIA_TYPES = [`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`];

/** The Status of an error of the metrics services; undefined for another error. */
export function metricsErrorStatus(error: unknown): Status | undefined {
  if (error instanceof ObjectNotFoundError) {
    const { objectName: name, group, kind } = error;
    return failure(404, 'NotFound', error.message, { name, ...(group !== '' && { group }), kind });
  }
  if (!(error instanceof MetricsError)) return undefined;
  switch (error.reason) {
    case 'NotFound':
      return failure(404, 'NotFound', error.message);
    case 'BadRequest':
      return failure(400, 'BadRequest', error.message);
    case 'InternalError':
      return internalError(error.message);
  }
}

/** The resources of the current catalog; the same array for the same catalog. */
export function catalogResources(
  catalog: () => Catalog,
  resourcesOf: (catalog: Catalog) => readonly ApiResource[],
): () => readonly ApiResource[] {
  const known = new WeakMap<Catalog, readonly ApiResource[]>();
  return () => {
    const current = catalog();
    const resources = known.get(current) ?? resourcesOf(current);
    known.set(current, resources);
    return resources;
  };
}
