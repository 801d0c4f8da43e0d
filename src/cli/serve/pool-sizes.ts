import type { ParsedFlags } from '../parse-flags.ts';
import type { PoolSizeOptions } from './serve-options.ts';
import { servingFlags } from './serving-flags.ts';

const DIRECT_PART = 0.2;
const UNPROVEN_PART = 0.1;

/** The in-flight limits of the pools. Each is at least one. */
export function poolSizes(flags: ParsedFlags): PoolSizeOptions {
  const all = flags.value(servingFlags.maxInFlight) || Number.POSITIVE_INFINITY;
  const authenticated = flags.value(servingFlags.maxDirectInFlight) || partOf(all, DIRECT_PART);
  const unproven = flags.value(servingFlags.maxUnprovenInFlight) || partOf(all, UNPROVEN_PART);
  const isLimited = Number.isFinite(all);
  const frontProxy = isLimited ? Math.max(1, all - authenticated - unproven) : all;
  return { all, frontProxy, authenticated, unproven };
}

function partOf(all: number, part: number): number {
  return Math.max(1, Math.round(all * part));
}

/** A fault if the given parts leave no capacity for requests of the front proxy. */
export function noCapacityForFrontProxy(flags: ParsedFlags): string[] {
  const { maxInFlight, maxDirectInFlight, maxUnprovenInFlight } = servingFlags;
  const parts = [maxDirectInFlight, maxUnprovenInFlight].filter((each) => flags.isGiven(each));
  const { all, authenticated, unproven } = poolSizes(flags);
  if (parts.length === 0 || authenticated + unproven < all || !Number.isFinite(all)) return [];
  const given = parts.map((each) => `--${each.name}=${flags.value(each)}`).join(' and ');
  return [
    `${given}: these parts (${authenticated} and ${unproven}) leave no part of --${maxInFlight.name}=${all} for requests that the API server forwards; expected less`,
  ];
}
