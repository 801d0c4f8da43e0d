// Not the global setImmediate: fake timers of a test would leave the work of later tests paused.
import { setImmediate } from 'node:timers';

/** Long work in time slices, between which the event loop handles requests. */
export interface TimeSlices {
  /** Whether the slice has ended. Call it in each step of a long loop. */
  isOver(): boolean;
  /** Yields to the event loop. The next slice begins when this resolves. */
  pause(): Promise<void>;
}

/** The time for all long work together in one turn of the event loop. */
const SLICE_MS = 3;

/** A value for `stepsPerCheck` if a step takes less than a microsecond. */
export const SHORT_STEPS = 64;

/** Paused work, in the order in which it resumes. */
const paused = new Set<() => void>();
/** The end of the slice of this turn of the event loop; undefined before the slice starts. */
let end: number | undefined;
let isNextTurnDue = false;

/**
 * All long work shares one slice in each turn of the event loop. When the slice has ended, work waits for
 * a later turn.
 *
 * @param stepsPerCheck the number of steps between two readings of the clock, each of which takes about as
 *   long as the lookup of a sample
 * @example if (slices.isOver()) await slices.pause();
 */
export function createTimeSlices(stepsPerCheck = 1): TimeSlices {
  let steps = 0;
  return {
    isOver() {
      steps += 1;
      if (steps < stepsPerCheck) return false;
      steps = 0;
      return performance.now() >= (end ?? beginSlice());
    },
    pause: () =>
      new Promise((resolve) => {
        paused.add(resolve);
        awaitNextTurn();
      }),
  };
}

function beginSlice(): number {
  awaitNextTurn();
  end = performance.now() + SLICE_MS;
  return end;
}

function awaitNextTurn(): void {
  if (isNextTurnDue) return;
  isNextTurnDue = true;
  setImmediate(nextTurn);
}

function nextTurn(): void {
  isNextTurnDue = false;
  end = undefined;
  const [resume] = paused;
  if (resume === undefined) return;
  paused.delete(resume);
  beginSlice();
  resume();
}
