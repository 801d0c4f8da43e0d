/**
 * Keeps the same entry from being logged again and again.
 *
 * @param pause milliseconds in which an entry is not logged again
 * @param most how many entries are remembered; the oldest are forgotten
 * @param now a clock in milliseconds that never goes back
 * @returns asked before each entry, with what makes it the same as another: whether to log it
 */
export function createRepeatLimit(
  pause: number,
  most: number,
  now: () => number = () => performance.now(),
): (key: string) => boolean {
  // A Map keeps the order of insertion, which is that of the times.
  const loggedAt = new Map<string, number>();
  return (key) => {
    const last = loggedAt.get(key);
    if (last !== undefined && now() - last < pause) return false;
    loggedAt.delete(key);
    const [oldest] = loggedAt.keys();
    if (loggedAt.size >= most && oldest !== undefined) loggedAt.delete(oldest);
    loggedAt.set(key, now());
    return true;
  };
}
