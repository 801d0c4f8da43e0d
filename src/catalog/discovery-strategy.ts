import { isUnsupported } from '../prometheus/guard/failure-classification.ts';
import type { DiscoveryRequests } from './series-source.ts';

/**
 * How the existing series are found:
 * - `series`: lists all series with all their labels
 * - `labels`: requests the names of the series, and the names of those that have a label
 */
export type DiscoveryStrategy = 'series' | 'labels';

/** `auto`: by labels if the server supports it. */
export type DiscoveryMode = DiscoveryStrategy | 'auto';

/** The strategy of one relist, and the reason. */
export interface StrategyChoice {
  readonly strategy: DiscoveryStrategy;
  readonly why: string;
}

/** Matches nothing, since no label has two values. */
const NOTHING = 'prom_metrics_adapter_probe{probe="this",probe="that"}';

/**
 * Chooses the strategy of a relist. A selector that matches nothing shows whether the label endpoints of the
 * server apply selectors: Prometheus before 2.24 ignores them and returns everything.
 *
 * @throws errors that do not mean that the server does not support the requests
 */
export async function chooseStrategy(
  mode: DiscoveryMode,
  ask: DiscoveryRequests,
): Promise<StrategyChoice> {
  if (mode !== 'auto') return { strategy: mode, why: 'set by --discovery' };
  try {
    const [names, labels] = await Promise.all([ask.names(NOTHING), ask.labels(NOTHING)]);
    return names.length + labels.length === 0
      ? { strategy: 'labels', why: 'the label endpoints of the server apply selectors' }
      : { strategy: 'series', why: 'the label endpoints of the server ignore selectors' };
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      strategy: 'series',
      why: `the server rejected a request with a selector to its label endpoints: ${reason}`,
    };
  }
}
