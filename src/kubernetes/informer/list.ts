import type { KubernetesClient } from '../client/client.ts';
import { fieldOf } from '../field.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import {
  type ObjectMetadata,
  parseObjectMetadata,
  resourceVersionOf,
} from '../objects/object-metadata.ts';

const PAGE_SIZE = 500;
const ACCEPT = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** How often a list is begun anew because the server has forgotten where it was. */
const MAX_RESTARTS = 3;

/** Where the objects of a list go. */
export interface ListReceiver {
  add(object: ObjectMetadata): void;
  /**
   * Called after each page.
   *
   * @param atLeast how many objects the list will have, as far as is known; the receiver may throw.
   */
  expect?(atLeast: number): void;
}

export interface ObjectListRequest {
  /** Where the list is, e.g. `/api/v1/pods`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal: AbortSignal;
}

/**
 * Reads the metadata of a whole list, page by page.
 *
 * @param begin makes an empty receiver: once, and again whenever the list has to be begun anew.
 * @returns the receiver that got all of it, and the version from which a watch goes on.
 * @throws {KubernetesError}
 */
export async function readObjectList<Receiver extends ListReceiver>(
  client: KubernetesClient,
  request: ObjectListRequest,
  begin: () => Receiver,
): Promise<{ readonly receiver: Receiver; readonly resourceVersion: string }> {
  for (let restarts = 0; ; restarts += 1) {
    const receiver = begin();
    try {
      return { receiver, resourceVersion: await readPages(client, request, receiver) };
    } catch (error) {
      const isExpired = error instanceof KubernetesError && error.kind === 'gone';
      if (!isExpired || restarts === MAX_RESTARTS) throw error;
    }
  }
}

/** @returns the version of the first page, that of the whole list. */
async function readPages(
  client: KubernetesClient,
  { path, labelSelector = '', fieldSelector = '', signal }: ObjectListRequest,
  receiver: ListReceiver,
): Promise<string> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (labelSelector !== '') query.set('labelSelector', labelSelector);
  if (fieldSelector !== '') query.set('fieldSelector', fieldSelector);
  const tokens = new Set<string>();
  let resourceVersion: string | undefined;
  let count = 0;

  for (;;) {
    const { body } = await client.getJson(path, { accept: ACCEPT, query, signal });
    const objects = parseItems(path, body);
    for (const object of objects) receiver.add(object);
    resourceVersion ??= resourceVersionOf(body);
    count += objects.length;
    receiver.expect?.(count + remainingItems(body));

    const token = fieldOf(fieldOf(body, 'metadata'), 'continue');
    if (typeof token !== 'string' || token === '') return resourceVersion;
    if (tokens.has(token)) {
      throw new KubernetesError('bad_answer', `GET ${path}: the same page is offered again`);
    }
    tokens.add(token);
    query.set('continue', token);
  }
}

function parseItems(path: string, body: unknown): readonly ObjectMetadata[] {
  const items = fieldOf(body, 'items');
  // Go writes an empty list as null.
  if (items === null) return [];
  if (!Array.isArray(items)) {
    throw new KubernetesError('bad_answer', `GET ${path}: expected a list of objects`);
  }
  return items.map((item: unknown) => {
    const object = parseObjectMetadata(item);
    if (object !== undefined) return object;
    throw new KubernetesError('bad_answer', `GET ${path}: an item that is no object with a name`);
  });
}

function remainingItems(body: unknown): number {
  const remaining = fieldOf(fieldOf(body, 'metadata'), 'remainingItemCount');
  return typeof remaining === 'number' && remaining > 0 ? remaining : 0;
}
