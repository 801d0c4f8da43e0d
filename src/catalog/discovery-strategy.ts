import type { DiscoveryRequests } from './series-source.ts';

/**
 * How Prometheus is asked which series there are:
 * - `series`: for all series, with all their labels
 * - `labels`: for their names, and for the names of those that have a label
 */
export type DiscoveryWay = 'series' | 'labels';

/** `auto`: by labels where the server can do it. */
export type DiscoveryMode = DiscoveryWay | 'auto';

/** The way of one round, and why it is that one. */
export interface DiscoveryChoice {
  readonly way: DiscoveryWay;
  readonly why: string;
}

/** No label has two values. */
const NOTHING = 'prom_metrics_adapter_probe{probe="this",probe="that"}';

/**
 * Chooses the way of a round. Whether a server heeds the selector when it is asked for names and
 * labels shows where the selector can match nothing: one that does not (Prometheus before 2.24)
 * tells of all that it has.
 *
 * @param isUnsupported whether an error says that the server has no such request, as opposed to one
 *   that says nothing about it
 * @throws the errors of the other kind
 */
export async function chooseWay(
  mode: DiscoveryMode,
  ask: DiscoveryRequests,
  isUnsupported: (error: unknown) => boolean,
): Promise<DiscoveryChoice> {
  if (mode !== 'auto') return { way: mode, why: 'it is what --discovery asks for' };
  try {
    const [names, labels] = await Promise.all([ask.names(NOTHING), ask.labels(NOTHING)]);
    return names.length + labels.length === 0
      ? { way: 'labels', why: 'the server chooses labels and their values by a selector' }
      : { way: 'series', why: 'the server does not choose labels and their values by a selector' };
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return { way: 'series', why: `the server refused to choose label values: ${reason}` };
  }
}
