import { createTimeSlices, SHORT_STEPS } from '../../async/time-slices.ts';
import type { QueryRequest } from '../../rules/query.ts';
import type { SharedQuery } from '../../rules/shared-query.ts';
import type { QueryAnswer, Sample } from '../query.ts';

/** The result of a shared query, by object. */
export interface SamplesByObject {
  readonly size: number;
  /** The approximate memory in bytes. */
  readonly bytes: number;
  /** The samples that the single query of the request would return. */
  of(request: QueryRequest): readonly Sample[];
}

/**
 * @returns undefined if the result cannot be split by object: a sample lacks a label, or an object has two
 *   samples. Prometheus returns no such result, but other servers with its API might.
 */
export async function indexByObject(
  answer: QueryAnswer,
  { objectLabel, namespaceLabel }: SharedQuery,
): Promise<SamplesByObject | undefined> {
  if (answer.type !== 'vector') return undefined;
  const slices = createTimeSlices(SHORT_STEPS);
  const namespaces = new Map<string, Map<string, Sample>>();
  let bytes = 0;
  for (const sample of answer.samples) {
    if (slices.isOver()) await slices.pause();
    const name = sample.labels[objectLabel];
    const namespace = namespaceLabel === undefined ? '' : sample.labels[namespaceLabel];
    if (name === undefined || namespace === undefined) return undefined;
    const objects = namespaces.get(namespace) ?? new Map<string, Sample>();
    if (objects.has(name)) return undefined;
    objects.set(name, sample);
    bytes += sampleBytes([sample]);
    namespaces.set(namespace, objects);
  }
  return {
    size: answer.samples.length,
    bytes,
    of({ objects, namespace }) {
      const ofNamespace = namespaces.get(namespace?.value ?? '');
      const found: Sample[] = [];
      for (const name of objects?.names ?? []) {
        const sample = ofNamespace?.get(name);
        if (sample !== undefined) found.push(sample);
      }
      return found;
    },
  };
}

/** The memory of a sample in addition to its labels, and of a label in addition to its value. */
const SAMPLE_BYTES = 140;
const LABEL_BYTES = 40;

/**
 * The approximate memory of samples in bytes. Targets choose the values of their labels, which can have any
 * length.
 */
export function sampleBytes(samples: Iterable<Sample>): number {
  let bytes = 0;
  for (const { labels } of samples) {
    bytes += SAMPLE_BYTES;
    for (const name in labels) bytes += LABEL_BYTES + 2 * (labels[name]?.length ?? 0);
  }
  return bytes;
}
