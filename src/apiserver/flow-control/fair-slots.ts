/** Why no slot is available: all are in use, or the flow has reached its share. */
export type SlotRejection = 'full' | 'flow_limit';

/** Slots that are divided between flows. A flow is what counts as one client, such as a user. */
export interface FairSlots {
  /** Takes a slot and returns the function that releases it, or the reason why none is available. */
  take(flow: string): (() => void) | SlotRejection;
  readonly taken: number;
}

/** How many slots a flow may use for each one that remains free. */
const SLOTS_PER_FREE_ONE = 2;

/**
 * Slots that no single flow can use up. A flow may take another one while it has fewer than twice as
 * many as would then remain free: a single flow gets at most two thirds of the slots, many flows get
 * equal shares, and the last slot is reserved for a flow that has none.
 *
 * @param most the number of slots; Infinity: no limit, also for single flows
 */
export function createFairSlots(most: number): FairSlots {
  // Flows without a slot are removed, so there are never more entries than slots.
  const takenBy = new Map<string, number>();
  let taken = 0;

  const rejectionReason = (flow: string): SlotRejection | undefined => {
    const free = most - taken;
    if (free <= 0) return 'full';
    const own = takenBy.get(flow) ?? 0;
    return own > 0 && own >= SLOTS_PER_FREE_ONE * (free - 1) ? 'flow_limit' : undefined;
  };

  const giveBack = (flow: string): void => {
    taken -= 1;
    const own = (takenBy.get(flow) ?? 0) - 1;
    if (own > 0) takenBy.set(flow, own);
    else takenBy.delete(flow);
  };

  return {
    take(flow) {
      const why = rejectionReason(flow);
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
