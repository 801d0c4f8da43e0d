// The servers that accept or reject queries: releases of Prometheus, with and without experimental features.

import { inspectQuery } from '../../src/promql/checks/check.ts';
import { inspectSeriesSelector } from '../../src/promql/series-selector.ts';
import type { PrometheusFeature, PrometheusVersion } from '../../src/promql/syntax/availability.ts';

export interface Accepter {
  readonly version: PrometheusVersion;
  /** The features that are switched on. */
  readonly features: readonly PrometheusFeature[];
}

/** In the order of the letters of a verdict. */
export const ACCEPTERS: readonly Accepter[] = [
  { version: '2.42', features: [] },
  { version: '2.53', features: [] },
  { version: '2.53', features: ['promql-experimental-functions'] },
  { version: '3.5', features: [] },
  { version: '3.5', features: ['promql-experimental-functions', 'promql-duration-expr'] },
];

const LETTERS = { vector: 'v', scalar: 's', matrix: 'm', string: 't' } as const;

/** Our verdict on a query, as `verdicts.json` has it; `?` for a type that is not known. */
export function ourVerdict(query: string): string {
  const { faults, limits, type } = inspectQuery(query);
  return verdict({ faults, limits }, type === undefined ? '?' : LETTERS[type]);
}

export function ourSelectorVerdict(selector: string): string {
  return verdict(inspectSeriesSelector(selector), 'v');
}

function verdict(
  { faults, limits }: ReturnType<typeof inspectSeriesSelector>,
  accepted: string,
): string {
  return ACCEPTERS.map(({ version, features }) => {
    const isAccepted = limits.every(
      ({ availability: { versions, feature } }) =>
        versions.includes(version) && (feature === undefined || features.includes(feature)),
    );
    return faults.length === 0 && isAccepted ? accepted : '-';
  }).join('');
}

/**
 * Whether two verdicts agree. An error of evaluation (`e`) is no verdict of the parser; of a query
 * nested too deep the type is not known.
 */
export function agree(theirs: string, ours: string): boolean {
  return [...theirs].every((letter, index) => {
    const own = ours[index];
    return letter === 'e' || letter === own || (own === '?' && letter !== '-');
  });
}
