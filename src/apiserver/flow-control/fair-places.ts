/** Why there is no place: all are taken, or the flow has as many as it may have. */
export type Refusal = 'full' | 'flow_limit';

/** A number of places that flows share. A flow is what counts as one client, such as a user. */
export interface FairPlaces {
  /** Takes a place, which the function returned gives back, or says why there is none. */
  take(flow: string): (() => void) | Refusal;
  readonly taken: number;
}

/** How many places a flow may have for each one that stays free. */
const PLACES_PER_FREE_ONE = 2;

/**
 * Places of which no flow gets all. A flow may take one more as long as it has fewer than twice the
 * number that would then still be free: one flow alone gets at most two thirds of the places, many
 * get equal parts, and the last place is for a flow that has none.
 *
 * @param most how many places there are; Infinity: any number, and flows have no limit either
 */
export function createFairPlaces(most: number): FairPlaces {
  // Flows without a place are not kept, so there are never more entries than places.
  const takenBy = new Map<string, number>();
  let taken = 0;

  const refusal = (flow: string): Refusal | undefined => {
    const free = most - taken;
    if (free <= 0) return 'full';
    const own = takenBy.get(flow) ?? 0;
    return own > 0 && own >= PLACES_PER_FREE_ONE * (free - 1) ? 'flow_limit' : undefined;
  };

  const giveBack = (flow: string): void => {
    taken -= 1;
    const own = (takenBy.get(flow) ?? 0) - 1;
    if (own > 0) takenBy.set(flow, own);
    else takenBy.delete(flow);
  };

  return {
    take(flow) {
      const why = refusal(flow);
      if (why !== undefined) return why;
      taken += 1;
      takenBy.set(flow, (takenBy.get(flow) ?? 0) + 1);
      let isTaken = true;
      return () => {
        if (isTaken) giveBack(flow);
        isTaken = false;
      };
    },
    get taken() {
      return taken;
    },
  };
}
