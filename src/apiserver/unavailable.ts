import type { MetricsApi } from './metrics-api.ts';
import { serviceUnavailable } from './status.ts';

/**
 * In seconds. Short: Kubernetes clients wait that long and ask again, up to ten times, and an
 * autoscaler does nothing else meanwhile.
 */
const RETRY_AFTER = 1;

/**
 * An API whose values are not to be had for some time: 503 rather than a 404, which would say that
 * there is no such metric. What it lists is served all the while, for without its discovery documents
 * the API server takes the whole API for broken.
 *
 * @param reason why there are no values, for clients; undefined when there are
 */
export function unavailableWhile(reason: () => string | undefined, api: MetricsApi): MetricsApi {
  return {
    ...api,
    async get(request) {
      const why = reason();
      if (why !== undefined) throw serviceUnavailable(why, RETRY_AFTER);
      return api.get(request);
    },
  };
}
