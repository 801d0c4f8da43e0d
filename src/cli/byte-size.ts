import type { Reading } from './flag.ts';

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
]);

/** Reads a number of bytes above zero, e.g. `1048576`, `1024Ki` or `64Mi`. */
export function byteSize(text: string): Reading<number> {
  const [, digits = '', unit = ''] = /^([0-9]+)([KMG]i)?$/.exec(text) ?? [];
  const bytes = Number.parseInt(digits, 10) * (FACTORS.get(unit) ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes > 0
    ? { value: bytes }
    : { expected: 'a number of bytes above 0 such as 1048576, 512Ki or 64Mi' };
}
