import { createLogLimit } from './log-limit.ts';

/**
 * Limits how often the same entry is logged, and keeps many different ones from filling the
 * log. An entry that is not logged because of the others is logged when it comes again.
 *
 * @param pause milliseconds in which an entry is not logged again
 * @param most the number of remembered entries; the oldest are removed
 * @param now a clock in milliseconds that never goes back
 * @returns called before each entry, with what makes it the same as another: undefined where it is
 *   not to be logged, else fields for it, as of {@link createLogLimit}
 */
export function createRepeatLimit(
  pause: number,
  most: number,
  now: () => number = () => performance.now(),
): (key: string) => ReturnType<ReturnType<typeof createLogLimit>> {
  const limit = createLogLimit(now);
  // A Map keeps the order of insertion, which is that of time.
  const loggedAt = new Map<string, number>();
  return (key) => {
    const last = loggedAt.get(key);
    if (last !== undefined && now() - last < pause) return undefined;
    const admitted = limit();
    if (admitted === undefined) return undefined;
    loggedAt.delete(key);
    const [oldest] = loggedAt.keys();
    if (loggedAt.size >= most && oldest !== undefined) loggedAt.delete(oldest);
    loggedAt.set(key, now());
    return admitted;
  };
}
