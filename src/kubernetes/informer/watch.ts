import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { linesOf } from './lines.ts';
import type { ObjectFormat } from './object-format.ts';
import { parseWatchEvent, type WatchEvent } from './watch-event.ts';

export interface WatchRequest<Item> {
  /** The path of the list, e.g. `/api/v1/pods`. */
  readonly path: string;
  readonly format: ObjectFormat<Item>;
  readonly fieldSelector: string;
  /** The changes after this version are sent. */
  readonly resourceVersion: string;
  /** The minimum duration of the watch. The maximum is twice as long. */
  readonly watchMs: number;
  /** The maximum time without an event. The API server sends a bookmark every minute. */
  readonly stallTimeoutMs: number;
  readonly maxEventBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Watches a list once, until the server ends the watch.
 *
 * @param onOpen called when the response has started
 * @param onEvent called for each event in order; may throw
 * @throws {KubernetesError} `gone` if the version has expired, `bad_answer` for a line that is not an
 *   event: a new list is needed. After the other kinds the watch can be resumed.
 */
export async function watchList<Item>(
  client: KubernetesClient,
  request: WatchRequest<Item>,
  onOpen: () => void,
  onEvent: (event: WatchEvent<Item>) => void,
): Promise<void> {
  const { path, format, signal, stallTimeoutMs, maxEventBytes } = request;
  const what = `watch of ${path}`;
  const chunks = await client.watch(path, {
    accept: format.watchAccept,
    query: queryOf(request),
    signal,
    stallTimeoutMs,
  });
  onOpen();
  for await (const line of linesOf(chunks, maxEventBytes, what)) {
    if (signal.aborted) throw new KubernetesError('canceled', `${what}: canceled`);
    if (line.trim() !== '') onEvent(parseWatchEvent(line, format, what));
  }
}

function queryOf<Item>({
  fieldSelector,
  resourceVersion,
  watchMs,
}: WatchRequest<Item>): URLSearchParams {
  // With jitter, so that watches that started together do not end together.
  const durationMs = watchMs * (1 + Math.random());
  return new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(Math.max(1, Math.round(durationMs / 1000))),
    ...(fieldSelector !== '' && { fieldSelector }),
  });
}
