import { sortInSlices } from '../async/sort-in-slices.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { formatMatchers, type LabelMatcher } from '../promql/syntax/matcher.ts';
import type { ObjectNames, ObjectNamesRequest } from './objects.ts';

/** Objects were asked for by their labels where there is no cluster that knows any. */
export class SelectorUnsupportedError extends Error {
  override readonly name = 'SelectorUnsupportedError';

  constructor() {
    super('--standalone knows no objects: a labelSelector needs a cluster (--lister-kubeconfig)');
  }
}

export interface StandaloneObjectNamesOptions {
  /**
   * The values of a label among the series that match any of the selectors, with samples since
   * `start` (seconds since the epoch).
   */
  readonly labelValues: (
    label: string,
    matches: readonly string[],
    range: { readonly start: number },
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<readonly string[]>;
  /** How old the samples may be, in milliseconds. */
  readonly maxAgeMs: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Names of objects without a cluster, for `--standalone`: the values of the resource's label in the
 * samples of the series, sorted.
 *
 * @throws {SelectorUnsupportedError} (when listing) if a label selector is given
 * @throws whatever `labelValues` throws
 */
export function createStandaloneObjectNames(options: StandaloneObjectNamesOptions): ObjectNames {
  const { labelValues, maxAgeMs, now = Date.now } = options;

  return {
    async list({ namespace, selector, series, signal }) {
      if (selector.length > 0) throw new SelectorUnsupportedError();
      const matchers = seriesMatchers(series, namespace);
      // A metric that does not tell the namespace has nothing to say about one.
      if (matchers === undefined) return [];
      const values = await labelValues(
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
  // An empty value would match the series that have no namespace at all.
  if (namespaceLabel === undefined || namespace === '') return undefined;
  return [...matchers, { name: namespaceLabel, operator: '=', value: namespace }];
}

/** Pods or nodes were asked for where there is no cluster that has any. */
export class NoClusterError extends Error {
  override readonly name = 'NoClusterError';

  constructor() {
    super(
      '--standalone knows no pods and nodes: metrics.k8s.io needs a cluster (--lister-kubeconfig)',
    );
  }
}

/**
 * Pods and nodes without a cluster, for `--standalone`: there are none to be known of. What labels
 * samples have says neither which pods run nor what labels they have, so nothing is made up.
 */
export const standaloneObjectMetadata = {
  /** @throws {NoClusterError} always */
  list(): Promise<never> {
    return Promise.reject(new NoClusterError());
  },
};
