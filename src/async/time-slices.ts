// Not the global setImmediate: a test that replaces it would leave work of later tests paused.
import { setImmediate } from 'node:timers';

/** Long work in time slices, between which the event loop handles requests. */
export interface TimeSlices {
  /** Whether the slice is used up. Call it in every step of a long loop. */
  isOver(): boolean;
  /** Yields to the event loop. The next slice begins when this resolves. */
  pause(): Promise<void>;
}

/** Milliseconds. The slice of all long work together in one turn of the event loop. */
const SLICE = 3;

/** Steps of less than a microsecond each, such as looking up a sample: for `stepsPerCheck`. */
export const SHORT_STEPS = 64;

/** Paused work, in the order in which it resumes. */
const paused = new Set<() => void>();
/** When the slice of this turn of the event loop ends; undefined: it has not begun. */
let end: number | undefined;
let isNextTurnDue = false;

/**
 * There is one slice in each turn of the event loop, however much long work there is. Work that finds it
 * used up waits for one of the next turns.
 *
 * @param stepsPerCheck how many steps are taken before the clock is read: reading it takes about as long
 *   as looking up a sample
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
  end = performance.now() + SLICE;
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
  const [goOn] = paused;
  if (goOn === undefined) return;
  paused.delete(goOn);
  beginSlice();
  goOn();
}
