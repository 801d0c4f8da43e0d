/** When a request was sent and when the head of its answer came, in milliseconds since the epoch. */
export interface Exchange {
  readonly sentAt: number;
  readonly answeredAt: number;
}

/**
 * By how much the clock of the server differs from ours, as far as an answer shows it: the header
 * `Date` has whole seconds, and the answer took its time. Of all differences that fit, the smallest.
 *
 * @param date the header `Date`
 * @param age the header `Age`: a cache kept the answer, whose `Date` says nothing then
 * @returns seconds, positive where the server's clock is ahead; undefined where it is not shown
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
