/** When a request was sent and when the response headers arrived, in milliseconds since the epoch. */
export interface Exchange {
  readonly sentAt: number;
  readonly answeredAt: number;
}

/**
 * The smallest clock skew between the server and this machine that is consistent with a response: the
 * header `Date` has whole seconds, and the response took some time.
 *
 * @param date the header `Date`
 * @param age the header `Age`: the response is from a cache, and `Date` cannot be used
 * @returns seconds, positive if the clock of the server is ahead; undefined if not known
 */
export function clockOffset(
  date: unknown,
  age: unknown,
  { sentAt, answeredAt }: Exchange,
): number | undefined {
  if (typeof date !== 'string' || age !== undefined) return undefined;
  const from = Date.parse(date);
  if (Number.isNaN(from)) return undefined;
  const least = (from - answeredAt) / 1000;
  const most = (from + 1000 - sentAt) / 1000;
  if (least > 0) return least;
  return most < 0 ? most : 0;
}
