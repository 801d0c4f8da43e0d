import type { KubernetesClient } from '../client/client.ts';
import { fieldOf } from '../field.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { type ObjectFormat, resourceVersionOf } from './object-format.ts';

const PAGE_SIZE = 500;
/** How often a list is started again because its continue token has expired. */
const MAX_RESTARTS = 3;

/** Receives the objects of a list. */
export interface ListReceiver<Item> {
  add(item: Item): void;
  /**
   * Called after each page; may throw.
   *
   * @param atLeast the number of objects of the whole list, as far as it is known
   */
  expect?(atLeast: number): void;
}

export interface ListRequest<Item> {
  /** The path of the list, e.g. `/api/v1/pods`. */
  readonly path: string;
  readonly format: ObjectFormat<Item>;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal: AbortSignal;
}

/**
 * Reads a whole list, page by page.
 *
 * @param begin creates an empty receiver: at first, and whenever the list has to be started again
 * @returns the receiver with all objects, and the version from which to watch
 * @throws {KubernetesError}
 */
export async function readList<Item, Receiver extends ListReceiver<Item>>(
  client: KubernetesClient,
  request: ListRequest<Item>,
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

/** Returns the version of the first page, which is that of the whole list. */
async function readPages<Item>(
  client: KubernetesClient,
  { path, format, labelSelector = '', fieldSelector = '', signal }: ListRequest<Item>,
  receiver: ListReceiver<Item>,
): Promise<string> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (labelSelector !== '') query.set('labelSelector', labelSelector);
  if (fieldSelector !== '') query.set('fieldSelector', fieldSelector);
  const tokens = new Set<string>();
  let resourceVersion: string | undefined;
  let count = 0;

  for (;;) {
    const { body } = await client.getJson(path, { accept: format.listAccept, query, signal });
    const items = parseItems(path, body, format);
    for (const item of items) receiver.add(item);
    resourceVersion ??= resourceVersionOf(body);
    count += items.length;
    receiver.expect?.(count + remainingItems(body));

    const token = fieldOf(fieldOf(body, 'metadata'), 'continue');
    if (typeof token !== 'string' || token === '') return resourceVersion;
    if (tokens.has(token)) {
      throw new KubernetesError('bad_answer', `GET ${path}: the same continue token twice`);
    }
    tokens.add(token);
    query.set('continue', token);
  }
}

function parseItems<Item>(
  path: string,
  body: unknown,
  { parse }: ObjectFormat<Item>,
): readonly Item[] {
  const items = fieldOf(body, 'items');
  // Go encodes an empty list as null.
  if (items === null) return [];
  if (!Array.isArray(items)) {
    throw new KubernetesError('bad_answer', `GET ${path}: expected a list of objects`);
  }
  return items.map((each: unknown) => {
    const item = parse(each);
    if (item !== undefined) return item;
    throw new KubernetesError('bad_answer', `GET ${path}: expected objects with valid metadata`);
  });
}

function remainingItems(body: unknown): number {
  const remaining = fieldOf(fieldOf(body, 'metadata'), 'remainingItemCount');
  return typeof remaining === 'number' && remaining > 0 ? remaining : 0;
}
