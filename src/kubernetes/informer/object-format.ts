import { fieldOf } from '../field.ts';

/** In which form the API server sends objects, and what is read of them. */
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
