/** Whether a multiple of 1024 has the suffix `Ki`, `Mi`, ... or a decimal one. */
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

/** Readers of the binary form truncate larger values to this one. */
const MAX_BINARY_UNITS = 2n ** 63n - 1n;

/**
 * The value of a sample in thousandths, truncated towards zero.
 *
 * If the result fits into an int64, it is the product of two doubles, as in prometheus-adapter, so that
 * autoscalers get the same number from both (1.005 is 1004 thousandths, and 9007199254740994 is
 * 9007199254740994048). Beyond this range the double is an integer and the result is exact.
 *
 * @param value any double; NaN is 0
 * @throws RangeError for an infinity
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
 * A Kubernetes quantity in canonical form: no fraction, and the largest suffix without loss of precision.
 * 1500 thousandths are `1500m`, 2000000 are `2k`.
 *
 * Values above 999 `E` have decimal exponents (`1e21`), as in Kubernetes since
 * https://github.com/kubernetes/kubernetes/pull/140459; older versions parse them as well. BinarySI applies to
 * integers with an absolute value from 1024 to 2^63-1. Other values are formatted as DecimalSI: Kubernetes does
 * the same for fractions and small numbers, and cannot parse larger ones.
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

/** @param units not 0, and an absolute value below 2^63, so that there is a suffix for every power */
function formatBinary(units: bigint): string {
  const { rest, times } = divideOut(units, 1024n);
  return `${rest}${BINARY_SUFFIXES[times] ?? ''}`;
}

/** Divides while there is no remainder. */
function divideOut(value: bigint, divisor: bigint): { rest: bigint; times: number } {
  let rest = value;
  let times = 0;
  while (rest % divisor === 0n) {
    rest /= divisor;
    times += 1;
  }
  return { rest, times };
}
