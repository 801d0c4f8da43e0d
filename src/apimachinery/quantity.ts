/** Whether a multiple of 1024 is written with `Ki`, `Mi`, ... or like any other number. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI';

const DECIMAL_SUFFIXES: ReadonlyMap<number, string> = new Map([
  [-3, 'm'],
  [0, ''],
  [3, 'k'],
  [6, 'M'],
  [9, 'G'],
  [12, 'T'],
  [15, 'P'],
  [18, 'E'],
]);
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/** Larger ones are cut to this size by whoever reads them in binary form. */
const MAX_BINARY_UNITS = 2n ** 63n - 1n;

/**
 * The value of a sample in thousandths, cut towards zero.
 *
 * As long as the outcome fits an int64 it is the product of two doubles, as in prometheus-adapter:
 * autoscalers see the same number from both (1.005 is 1004 thousandths, and 9007199254740994 is
 * 9007199254740994048). Beyond that the double is a whole number and the outcome exact.
 *
 * @param value any double; NaN counts as 0
 * @throws RangeError for an infinity, which has no quantity
 */
export function sampleToMilli(value: number): bigint {
  if (Number.isNaN(value)) {
    return 0n;
  }
  if (!Number.isFinite(value)) {
    throw new RangeError(`${value} has no quantity: expected a finite number`);
  }
  const milli = value * 1000;
  return Math.abs(milli) < 2 ** 63 ? BigInt(Math.trunc(milli)) : BigInt(value) * 1000n;
}

/**
 * A Kubernetes quantity in canonical form: no fraction, and the largest suffix that loses nothing.
 * 1500 thousandths are `1500m`, 2000000 are `2k`.
 *
 * Above `E`, of which there can be 999, decimal exponents follow (`1e21`), as in Kubernetes since
 * https://github.com/kubernetes/kubernetes/pull/140459; older versions read them as well. BinarySI
 * is for whole numbers from 1024 to 2^63-1 in size and others are written as if it were DecimalSI;
 * for fractions and small numbers Kubernetes does the same, and larger ones it would not read back.
 *
 * @param milli thousandths, of any size
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
 */
export function formatMilli(milli: bigint, format: QuantityFormat): string {
  return format === 'BinarySI' && isBinary(milli)
    ? formatBinary(milli / 1000n)
    : formatDecimal(milli);
}

function isBinary(milli: bigint): boolean {
  const units = milli < 0n ? -milli / 1000n : milli / 1000n;
  return milli % 1000n === 0n && units >= 1024n && units <= MAX_BINARY_UNITS;
}

function formatDecimal(milli: bigint): string {
  if (milli === 0n) {
    return '0';
  }
  const { rest, times } = divideOut(milli, 1000n);
  const exponent = 3 * times - 3;
  return `${rest}${DECIMAL_SUFFIXES.get(exponent) ?? `e${exponent}`}`;
}

/** @param units not 0 and below 2^63 in size, so that there is a suffix for every power */
function formatBinary(units: bigint): string {
  const { rest, times } = divideOut(units, 1024n);
  return `${rest}${BINARY_SUFFIXES[times] ?? ''}`;
}

/** Divides as long as nothing remains. */
function divideOut(value: bigint, divisor: bigint): { rest: bigint; times: number } {
  let rest = value;
  let times = 0;
  while (rest % divisor === 0n) {
    rest /= divisor;
    times += 1;
  }
  return { rest, times };
}
