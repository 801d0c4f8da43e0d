/** Of nested values. Certificates have about ten levels. */
const DEEPEST = 32;

const CONSTRUCTED = 0x20;
const LONG_TAG = 0x1f;
const LONG_LENGTH = 0x80;

/**
 * Whether bytes are one ASN.1 value in DER without anything after it: lengths are definite and as short
 * as possible, down to the primitive values. Parsers that accept more than that (BER) may read the
 * same bytes differently.
 */
export function isDer(
  bytes: Uint8Array,
  budget: ValueBudget = { left: Number.POSITIVE_INFINITY },
): boolean {
  return valueEnd(bytes, 0, bytes.length, 0, budget) === bytes.length;
}

/** The number of values that may still be read; less than 0 if it was exceeded. */
export interface ValueBudget {
  left: number;
}

/** @throws {Error} if the bytes are not DER, or have more values than the budget allows */
export function checkDer(bytes: Uint8Array, budget?: ValueBudget): void {
  if (isDer(bytes, budget)) return;
  const isExceeded = budget !== undefined && budget.left < 0;
  throw new Error(isExceeded ? 'its chain has too many ASN.1 values' : 'it is not encoded in DER');
}

/** Where the value that starts at an offset ends; undefined if it is not DER or exceeds the limit. */
function valueEnd(
  bytes: Uint8Array,
  start: number,
  limit: number,
  depth: number,
  budget: ValueBudget,
): number | undefined {
  budget.left -= 1;
  if (budget.left < 0) return undefined;
  const tag = bytes[start];
  if (tag === undefined || (tag & LONG_TAG) === LONG_TAG || depth > DEEPEST) return undefined;
  const content = contentOf(bytes, start + 1);
  if (content === undefined || content.end > limit) return undefined;
  if ((tag & CONSTRUCTED) === 0) return content.end;
  let next = content.start;
  while (next < content.end) {
    const end = valueEnd(bytes, next, content.end, depth + 1, budget);
    if (end === undefined) return undefined;
    next = end;
  }
  return next;
}

/** Reads the length at an offset. */
function contentOf(bytes: Uint8Array, at: number): { start: number; end: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < LONG_LENGTH) return { start: at + 1, end: at + 1 + first };
  const count = first - LONG_LENGTH;
  // Zero is the indefinite form; four bytes are more than any certificate has.
  if (count === 0 || count > 4 || bytes[at + 1] === 0) return undefined;
  const length = bytes.subarray(at + 1, at + 1 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  if (length < LONG_LENGTH) return undefined;
  const start = at + 1 + count;
  return { start, end: start + length };
}
