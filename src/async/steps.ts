/** Work that can be paused at each `yield`. */
export type Steps<Result> = Generator<void, Result, void>;

/** Runs all steps without a pause. */
export function finish<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
