/** `a`, `a or b`, `a, b or c`; the same with `and`. */
export function listed(items: readonly string[], conjunction: 'and' | 'or'): string {
  const last = items.at(-1) ?? '';
  const rest = items.slice(0, -1);
  return rest.length === 0 ? last : `${rest.join(', ')} ${conjunction} ${last}`;
}
