import { sortInSlices } from '../async/sort-in-slices.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { PrometheusClient } from '../prometheus/client/client.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import { formatMatchers, type LabelMatcher } from '../promql/syntax/matcher.ts';
import { MetricsError } from './metrics-error.ts';
import type { ObjectMetadata, ObjectNames, ObjectNamesRequest } from './objects.ts';

export interface StandaloneObjectNamesOptions {
  readonly servers: PrometheusServers<Pick<PrometheusClient, 'labelValues'>>;
  /** The maximum age of samples in milliseconds. */
  readonly maxAgeMs: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Names of objects without a cluster, for `--standalone`: the values of the resource's label in the
 * samples of the series, sorted.
 *
 * @throws MetricsError `BadRequest` (when listing) for a label selector; PrometheusError
 */
export function createStandaloneObjectNames(options: StandaloneObjectNamesOptions): ObjectNames {
  const { servers, maxAgeMs, now = Date.now } = options;

  return {
    async list({ namespace, selector, series, signal }) {
      if (selector.length > 0) throw selectorUnsupported();
      const matchers = seriesMatchers(series, namespace);
      // Series without a label for the namespace cannot describe objects of a namespace.
      if (matchers === undefined) return [];
      const values = await servers
        .get(series.prometheus)
        .labelValues(
          series.resourceLabel,
          [`{${formatMatchers(matchers)}}`],
          { start: (now() - maxAgeMs) / 1000 },
          { signal },
        );
      const names = new Set(values);
      names.delete('');
      return sortInSlices(names, (one, other) => one < other, createTimeSlices());
    },
  };
}

function seriesMatchers(
  { name, resourceLabel, namespaceLabel }: ObjectNamesRequest['series'],
  namespace: string | undefined,
): readonly LabelMatcher[] | undefined {
  const matchers: LabelMatcher[] = [
    { name: '__name__', operator: '=', value: name },
    { name: resourceLabel, operator: '!=', value: '' },
  ];
  if (namespace === undefined) return matchers;
  // An empty value would match series without a namespace.
  if (namespaceLabel === undefined || namespace === '') return undefined;
  return [...matchers, { name: namespaceLabel, operator: '=', value: namespace }];
}

/** Pods and nodes without a cluster: labels of samples do not show which pods run, or their labels. */
export const standaloneObjectMetadata: ObjectMetadata = {
  /** @throws MetricsError `BadRequest` always */
  async list() {
    throw new MetricsError(
      'BadRequest',
      '--standalone has no pods and nodes: metrics.k8s.io needs a cluster (--lister-kubeconfig)',
    );
  },
};

function selectorUnsupported(): MetricsError {
  return new MetricsError(
    'BadRequest',
    '--standalone has no objects with labels: a labelSelector needs a cluster (--lister-kubeconfig)',
  );
}
