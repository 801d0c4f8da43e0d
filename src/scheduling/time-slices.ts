import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long work in slices, between which the process answers requests. */
export interface TimeSlices {
  /** Whether it is time for others: to be asked in every step of a long loop. */
  isOver(): boolean;
  /** Lets everything run that waits; the next slice begins when this resolves. */
  pause(): Promise<void>;
}

/** Milliseconds. A request waits no longer than this for one piece of long work. */
const SLICE = 5;

/** @example if (slices.isOver()) await slices.pause(); */
export function createTimeSlices(): TimeSlices {
  let end = performance.now() + SLICE;
  return {
    isOver: () => performance.now() >= end,
    async pause() {
      await nextTurn();
      end = performance.now() + SLICE;
    },
  };
}
