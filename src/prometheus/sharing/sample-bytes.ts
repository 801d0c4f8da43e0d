import type { Sample } from './query-runner.ts';

/** Of a sample in addition to its labels, and of a label in addition to its value. */
const SAMPLE_BYTES = 140;
const LABEL_BYTES = 40;

/**
 * The memory that samples take, about, in bytes. Targets choose the values of their labels, which can
 * be of any length.
 */
export function sampleBytes(samples: Iterable<Sample>): number {
  let bytes = 0;
  for (const { labels } of samples) {
    bytes += SAMPLE_BYTES;
    for (const name in labels) bytes += LABEL_BYTES + 2 * (labels[name]?.length ?? 0);
  }
  return bytes;
}
