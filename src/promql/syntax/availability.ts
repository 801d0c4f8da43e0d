import { listed } from '../../text/listing.ts';

/** The releases of Prometheus with which the checks are compared (test/promql-verdicts). */
export const PROMETHEUS_VERSIONS = ['2.42', '2.53', '3.5'] as const;
export type PrometheusVersion = (typeof PROMETHEUS_VERSIONS)[number];

/** A name that Prometheus' flag `--enable-feature` takes. */
export type PrometheusFeature = 'promql-experimental-functions' | 'promql-duration-expr';

/** Which releases of Prometheus accept a construct of PromQL. */
export interface Availability {
  /** Those of {@link PROMETHEUS_VERSIONS}; empty for a construct of newer releases. */
  readonly versions: readonly PrometheusVersion[];
  /** Required in all releases that accept the construct. */
  readonly feature?: PrometheusFeature;
}

/** For constructs that every release accepts but that are probably a mistake. */
export const EVERY: Availability = { versions: PROMETHEUS_VERSIONS };
export const SINCE_2_53: Availability = { versions: ['2.53', '3.5'] };
export const SINCE_3_5: Availability = { versions: ['3.5'] };
export const NEWER: Availability = { versions: [] };
export const BEFORE_3: Availability = { versions: ['2.42', '2.53'] };

/** A construct of a query that only some releases of Prometheus accept. */
export interface PromqlLimit {
  /** The start in the text, in UTF-16 units. */
  readonly offset: number;
  /** The end (exclusive). */
  readonly end: number;
  /** The construct in words, e.g. `a quoted label name in a list of labels`. */
  readonly construct: string;
  readonly availability: Availability;
}

/**
 * The relevant limits of a query. Limits with the same releases are merged at the place of the first.
 * Limits that are implied by a stricter one are removed.
 */
export function decisiveLimits(limits: readonly PromqlLimit[]): readonly PromqlLimit[] {
  const groups = Map.groupBy(limits, ({ availability: { versions, feature } }) =>
    [...versions, feature].join(),
  );
  const merged = [...groups.values()].flatMap((group) => {
    const constructs = new Set(group.map(({ construct }) => construct));
    return group
      .slice(0, 1)
      .map((first) => ({ ...first, construct: listed([...constructs], 'and') }));
  });
  return merged.filter(
    (limit) =>
      !merged.some((other) => other !== limit && implies(other.availability, limit.availability)),
  );
}

/** Whether all releases that accept a construct also accept another one; a letter for `:` is no limit. */
function implies(strict: Availability, { versions, feature }: Availability): boolean {
  return (
    versions.length < PROMETHEUS_VERSIONS.length &&
    strict.versions.every((version) => versions.includes(version)) &&
    (feature === undefined || feature === strict.feature || strict.versions.length === 0)
  );
}

/**
 * Which releases accept a construct and which do not, e.g. ``the function `limitk`: Prometheus 3.5
 * accepts this with --enable-feature=promql-experimental-functions, 2.42 and 2.53 do not``.
 */
export function describeLimit({ construct, availability }: PromqlLimit): string {
  const { versions, feature } = availability;
  if (versions.length === 0) {
    const all = listed(PROMETHEUS_VERSIONS, 'and');
    return `${construct}: Prometheus ${all} do not accept this, a newer release may`;
  }
  const others = PROMETHEUS_VERSIONS.filter((version) => !versions.includes(version));
  const verb = versions.length === 1 ? 'accepts' : 'accept';
  const condition = feature === undefined ? '' : ` only with --enable-feature=${feature}`;
  const rest =
    others.length === 0
      ? ''
      : `, ${listed(others, 'and')} ${others.length === 1 ? 'does' : 'do'} not`;
  return `${construct}: Prometheus ${listed(versions, 'and')} ${verb} this${condition}${rest}`;
}
