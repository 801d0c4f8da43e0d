import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import type { ObjectIndexLimits } from '../objects/limits.ts';
import { linesOf } from './lines.ts';
import { parseWatchEvent, type WatchEvent } from './watch-event.ts';

const ACCEPT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

export interface ObjectWatchRequest {
  /** Where the list is, e.g. `/api/v1/pods`. */
  readonly path: string;
  readonly fieldSelector: string;
  /** The changes after this version are told. */
  readonly resourceVersion: string;
  readonly limits: ObjectIndexLimits;
  readonly signal: AbortSignal;
}

/**
 * Watches the metadata of the objects of a list, once.
 *
 * @param onOpen called when the server has begun to answer.
 * @param onEvent called for each event, in their order; it may throw.
 * @returns when the server ends the watch, as it is asked to after a while.
 * @throws {KubernetesError} `gone` when the server has forgotten the version, `bad_answer` for what
 *   is no event: then a new list is needed. With the other kinds the watch can be resumed.
 */
export async function watchObjects(
  client: KubernetesClient,
  request: ObjectWatchRequest,
  onOpen: () => void,
  onEvent: (event: WatchEvent) => void,
): Promise<void> {
  const { path, limits, signal } = request;
  const what = `watch of ${path}`;
  const chunks = await client.watch(path, {
    accept: ACCEPT,
    query: queryOf(request),
    signal,
    silenceMs: limits.silenceMs,
  });
  onOpen();
  for await (const line of linesOf(chunks, limits.maxEventBytes, what)) {
    if (signal.aborted) throw new KubernetesError('canceled', `${what}: canceled`);
    if (line.trim() !== '') onEvent(parseWatchEvent(line, what));
  }
}

function queryOf({ fieldSelector, resourceVersion, limits }: ObjectWatchRequest): URLSearchParams {
  // Not all at once, where many have begun at once.
  const lastsMs = limits.watchMs * (1 + Math.random());
  return new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(Math.max(1, Math.round(lastsMs / 1000))),
    ...(fieldSelector !== '' && { fieldSelector }),
  });
}
