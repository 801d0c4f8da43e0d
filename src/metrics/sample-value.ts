import { formatMilli, sampleToMilli } from '../apimachinery/quantity.ts';
import type { Sample } from '../prometheus/query.ts';
import type { LeftOutSamples } from './answer-summary.ts';

/**
 * The value of a sample as a decimal quantity. NaN is 0. An infinity has no quantity, since an autoscaler would
 * act on any number that replaced it.
 */
export function sampleQuantity(value: number): string | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return undefined;
  return formatMilli(sampleToMilli(value), 'DecimalSI');
}

/** The usage of a container or a node, in thousandths of a core and of a byte. */
export interface ResourceUsage {
  /** Undefined if the value is infinite, for which there is no quantity. */
  readonly cpu: bigint | undefined;
  /** Undefined as for CPU. */
  readonly memory: bigint | undefined;
}

/** The usage of a sample: NaN and negative values are 0, an infinity is undefined. */
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
