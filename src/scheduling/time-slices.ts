// Not the global one: a test that replaces it would leave the work of later tests paused for ever.
import { setImmediate } from 'node:timers';

/** Long work in slices, between which the process answers requests. */
export interface TimeSlices {
  /** Whether it is time for others: to be asked in every step of a long loop. */
  isOver(): boolean;
  /** Lets everything run that waits; the next slice begins when this resolves. */
  pause(): Promise<void>;
}

/** Milliseconds. A request waits no longer than this for all long work together. */
const SLICE = 5;

/** Work that has paused, in the order in which it goes on. */
const paused = new Set<() => void>();
/** When the slice of this turn of the event loop ends; undefined: it has not begun. */
let end: number | undefined;
let isNextTurnDue = false;

/**
 * However much long work there is, there is one slice in each turn of the event loop: who finds it
 * used up waits for one of the next turns.
 *
 * @example if (slices.isOver()) await slices.pause();
 */
export function createTimeSlices(): TimeSlices {
  return {
    isOver: () => performance.now() >= (end ?? beginSlice()),
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
