import type { Fault } from './fault.ts';

/** Faults of which each kind is shown a limited number of times. */
export interface LimitedFaults {
  readonly shown: readonly Fault[];
  /** The faults that are not shown, by the first fault of their kind. */
  readonly omitted: readonly OmittedFaults[];
}

export interface OmittedFaults {
  readonly like: Fault;
  readonly count: number;
}

/** How many faults of one kind are shown, and of how many kinds. */
const MOST_OF_A_KIND = 20;
const MOST_KINDS = 50;

/**
 * Limits how many faults of one kind are shown. Faults are of the same kind if their severity and their
 * message without quoted parts are equal. Kinds beyond the limit count as one more kind.
 *
 * @param faults in the order of the file, which `shown` keeps; the most severe kinds are shown first
 *   if there are too many
 */
export function limitRepeats(faults: readonly Fault[]): LimitedFaults {
  const kinds = [...Map.groupBy(faults, kindOf).values()];
  const bySeverity = kinds.toSorted((a, b) => rankOf(a) - rankOf(b));
  const [rest, ...whole] = [
    bySeverity.slice(MOST_KINDS).flat(),
    ...bySeverity.slice(0, MOST_KINDS),
  ];
  const shown = new Set(whole.flatMap((kind) => kind.slice(0, MOST_OF_A_KIND)));
  const omitted = [...whole.map((kind) => kind.slice(MOST_OF_A_KIND)), rest].flatMap((kind) => {
    const [like] = kind;
    return like === undefined ? [] : [{ like, count: kind.length }];
  });
  return { shown: faults.filter((fault) => shown.has(fault)), omitted };
}

const SEVERITIES: readonly Fault['severity'][] = ['error', 'broken', 'warning'];

function rankOf([first]: readonly Fault[]): number {
  return first === undefined ? SEVERITIES.length : SEVERITIES.indexOf(first.severity);
}

/** The message without names, queries and numbers, which differ between rules. */
function kindOf({ severity, message }: Fault): string {
  const words = message.replaceAll(/`[^`]*`|"(?:[^"\\]|\\.)*"|\d+/g, '*');
  return `${severity}: ${words.slice(0, 80)}`;
}
