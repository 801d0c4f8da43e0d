/** The same but for the last digits of numbers. */
export function isAlike(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => isAlike(each, b[index]));
  }
  if (typeof a !== 'number' || typeof b !== 'number') return a === b;
  return Object.is(a, b) || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b), 1);
}
