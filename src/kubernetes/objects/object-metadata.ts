import { fieldOf } from '../field.ts';
import type { ObjectFormat } from '../informer/object-format.ts';

/** The metadata of an object (metav1.ObjectMeta) that the index keeps. */
export interface ObjectMetadata {
  /** Empty for root-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In seconds since the epoch; undefined if unknown. */
  readonly createdAt: number | undefined;
}

/** Only the metadata; whole objects from servers that do not support that. */
export const metadataFormat: ObjectFormat<ObjectMetadata> = {
  listAccept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
  watchAccept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  parse: parseObjectMetadata,
};

/**
 * Parses a PartialObjectMetadata or a whole object, which have the metadata in the same place.
 *
 * @returns undefined if the object has no name, or a label that is not a string
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
    createdAt: typeof createdAt === 'string' ? epochSeconds(createdAt) : undefined,
  };
}

function isLabels(labels: unknown): labels is Record<string, string> {
  return (
    typeof labels === 'object' &&
    labels !== null &&
    !Array.isArray(labels) &&
    Object.values(labels).every((value) => typeof value === 'string')
  );
}

function epochSeconds(timestamp: string): number | undefined {
  const milliseconds = Date.parse(timestamp);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
