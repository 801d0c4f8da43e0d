import type { TimeSlices } from './time-slices.ts';

/** Items that are sorted without a pause, in much less than a millisecond. */
const RUN_LENGTH = 512;

/**
 * Sorts in time slices. Sorting a million items without pauses would block the event loop for a second.
 * The sort is stable.
 *
 * @param before whether the first item precedes the second
 */
export async function sortInSlices<Item>(
  items: Iterable<Item>,
  before: (one: Item, other: Item) => boolean,
  slices: TimeSlices,
): Promise<readonly Item[]> {
  let runs = await sortedRuns(items, before, slices);
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], before, slices));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Consecutive runs that are in order already become one run. */
async function sortedRuns<Item>(
  items: Iterable<Item>,
  before: (one: Item, other: Item) => boolean,
  slices: TimeSlices,
): Promise<Item[][]> {
  const runs: Item[][] = [];
  let run: Item[] = [];
  const finish = (): void => {
    run.sort((one, other) => (before(one, other) ? -1 : before(other, one) ? 1 : 0));
    const last = runs.at(-1);
    const [end] = last?.slice(-1) ?? [];
    const [start] = run;
    const isContinuation = end !== undefined && start !== undefined && !before(start, end);
    if (isContinuation) last?.push(...run);
    else runs.push(run);
    run = [];
  };
  for (const item of items) {
    run.push(item);
    if (run.length < RUN_LENGTH) continue;
    finish();
    if (slices.isOver()) await slices.pause();
  }
  if (run.length > 0) finish();
  return runs;
}

async function merge<Item>(
  left: readonly Item[],
  right: readonly Item[],
  before: (one: Item, other: Item) => boolean,
  slices: TimeSlices,
): Promise<Item[]> {
  const merged: Item[] = [];
  const rest = right[Symbol.iterator]();
  let next = rest.next();
  for (const item of left) {
    while (!next.done && before(next.value, item)) {
      merged.push(next.value);
      next = rest.next();
      if (slices.isOver()) await slices.pause();
    }
    merged.push(item);
    if (slices.isOver()) await slices.pause();
  }
  while (!next.done) {
    merged.push(next.value);
    next = rest.next();
    if (slices.isOver()) await slices.pause();
  }
  return merged;
}
