import { formatMilli, sampleToMilli } from '../apimachinery/quantity.ts';
import type { Sample } from '../prometheus/query.ts';
import type { LeftOutSamples } from './answer-summary.ts';

/**
 * The value of a sample as a decimal quantity. NaN is 0. An infinity has none: no number could
 * stand for it without an autoscaler acting on it.
 */
export function sampleQuantity(value: number): string | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return undefined;
  return formatMilli(sampleToMilli(value), 'DecimalSI');
}

/** What a container or a node uses, in thousandths of a core and of a byte. */
export interface ResourceUsage {
  /** Undefined where Prometheus has an infinite value: no number could stand for it. */
  readonly cpu: bigint | undefined;
  /** The same. */
  readonly memory: bigint | undefined;
}

/** The usage that a sample tells: NaN and negative values are 0, an infinity is none. */
export function sampleUsage(
  { value }: Pick<Sample, 'value'>,
  leftOut: LeftOutSamples,
): bigint | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
    leftOut.add('infinite');
    return undefined;
  }
  const milli = sampleToMilli(value);
  return milli < 0n ? 0n : milli;
}
