import { fieldOf } from '../field.ts';

/** What the index knows of an object, as read from its metadata (metav1.ObjectMeta). */
export interface ObjectMetadata {
  /** Empty for root-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In seconds of the epoch; undefined where the server tells none. */
  readonly createdAt: number | undefined;
  /** Empty where there is none. */
  readonly resourceVersion: string;
}

/**
 * Reads a PartialObjectMetadata, or a whole object, which has its metadata in the same place.
 *
 * @returns undefined where it is no object with a name, or where a label is not text.
 */
export function parseObjectMetadata(object: unknown): ObjectMetadata | undefined {
  const metadata = fieldOf(object, 'metadata');
  const name = fieldOf(metadata, 'name');
  const namespace = fieldOf(metadata, 'namespace') ?? '';
  const labels = fieldOf(metadata, 'labels') ?? {};
  if (typeof name !== 'string' || name === '' || typeof namespace !== 'string') return undefined;
  if (!isLabels(labels)) return undefined;
  const createdAt = fieldOf(metadata, 'creationTimestamp');
  return {
    namespace,
    name,
    labels,
    createdAt: typeof createdAt === 'string' ? secondsOf(createdAt) : undefined,
    resourceVersion: resourceVersionOf(object),
  };
}

/** Of an object, or of a list of objects; empty where there is none. */
export function resourceVersionOf(object: unknown): string {
  const version = fieldOf(fieldOf(object, 'metadata'), 'resourceVersion');
  return typeof version === 'string' ? version : '';
}

function isLabels(labels: unknown): labels is Record<string, string> {
  return (
    typeof labels === 'object' &&
    labels !== null &&
    !Array.isArray(labels) &&
    Object.values(labels).every((value) => typeof value === 'string')
  );
}

function secondsOf(timestamp: string): number | undefined {
  const milliseconds = Date.parse(timestamp);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
