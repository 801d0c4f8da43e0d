import { fieldOf } from '../field.ts';

/** The format in which the API server sends objects, and how they are parsed. */
export interface ObjectFormat<Item> {
  /** Accept header for a list. */
  readonly listAccept: string;
  /** Accept header for a watch. */
  readonly watchAccept: string;
  /** Undefined if the object is not valid. */
  readonly parse: (object: unknown) => Item | undefined;
}

/** The `metadata.resourceVersion` of an object or of a list; empty if there is none. */
export function resourceVersionOf(object: unknown): string {
  const version = fieldOf(fieldOf(object, 'metadata'), 'resourceVersion');
  return typeof version === 'string' ? version : '';
}
