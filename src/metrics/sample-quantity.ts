import { formatMilli, sampleToMilli } from '../apimachinery/quantity.ts';

/**
 * The value of a sample as a decimal quantity. NaN is 0. An infinity has none: no number could
 * stand for it without an autoscaler acting on it.
 */
export function sampleQuantity(value: number): string | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return undefined;
  return formatMilli(sampleToMilli(value), 'DecimalSI');
}
