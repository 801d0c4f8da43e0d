import type { ServerResponse } from 'node:http';
import { selectorMatches } from '../../src/apimachinery/label-selector.ts';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import {
  type KubernetesServer,
  type ReceivedRequest,
  sendJson,
  sendStatus,
  startKubernetesServer,
} from './kubernetes-server.ts';

/** A pod as the stand-in serves it. */
export interface ServedPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
}

/**
 * An API server that has pods: lists in consistent pages, watches from a version, forgets what is too
 * old, and can be made to fail in the ways of a real one.
 */
export interface ObjectServer {
  readonly url: string;
  /** Requests so far: `list`, `page` (of a list, after the first), `watch`. */
  count(kind: RequestKind): number;
  readonly requests: readonly ReceivedRequest[];
  /** Watches that are open. */
  openWatches(): number;
  put(pod: Pick<ServedPod, 'namespace' | 'name'> & Partial<ServedPod>): void;
  remove(namespace: string, name: string): void;
  /** `namespace/name` of the pods that a selector picks, as a list has them. */
  pods(namespace: string | undefined, labelSelector: string): readonly string[];
  /** Tells the watches the version. */
  bookmark(): void;
  /** Forgets all changes so far, and where lists were. */
  forget(): void;
  /** Breaks the connections of all watches, after these last bytes. */
  cut(lastBytes?: string): void;
  /** Ends all watches as a server does whose time is over. */
  end(): void;
  /** Sends this line to all watches. */
  say(line: string): void;
  /** Whether every event is sent twice from now on. */
  doubleEvents(doubled: boolean): void;
  /** Sets a function that answers the requests for which it returns true; undefined: none. */
  intercept(take: ((kind: RequestKind, response: ServerResponse) => boolean) | undefined): void;
  close(): Promise<void>;
}

export type RequestKind = 'list' | 'page' | 'watch';

interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly pod: ServedPod;
  readonly before: ServedPod | undefined;
  readonly version: number;
}

interface Watch {
  readonly response: ServerResponse;
  readonly isSelected: (pod: ServedPod) => boolean;
}

export async function startObjectServer(): Promise<ObjectServer> {
  const pods = new Map<string, ServedPod>();
  const history: Change[] = [];
  const watches = new Set<Watch>();
  const pages = new Map<string, { rest: readonly object[]; version: number }>();
  let forgotten = 0;
  let tokens = 0;
  let isDoubled = false;
  let take: Parameters<ObjectServer['intercept']>[0];

  const listed = (namespace: string | undefined, isSelected: (pod: ServedPod) => boolean) =>
    [...pods.entries()]
      .filter(([, pod]) => (namespace ?? pod.namespace) === pod.namespace && isSelected(pod))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, pod]) => pod);

  const sendPage = (
    response: ServerResponse,
    items: readonly object[],
    version: number,
    limit: number,
  ) => {
    const rest = items.slice(limit);
    tokens += 1;
    const token = `token-${tokens}`;
    if (rest.length > 0) pages.set(token, { rest, version });
    sendJson(response, 200, {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: {
        resourceVersion: String(version),
        ...(rest.length > 0 && { continue: token, remainingItemCount: rest.length }),
      },
      items: items.slice(0, limit),
    });
  };

  const sendList = ({ url }: ReceivedRequest, response: ServerResponse): void => {
    const limit = Number(url.searchParams.get('limit') ?? '0') || Number.POSITIVE_INFINITY;
    const token = url.searchParams.get('continue');
    if (token === null) {
      const found = listed(namespaceOf(url), selectionOf(url));
      sendPage(
        response,
        found.map((pod) => metadataOf(pod)),
        history.length,
        limit,
      );
      return;
    }
    const page = pages.get(token);
    if (page === undefined) sendStatus(response, 410, 'the continue parameter is too old');
    else sendPage(response, page.rest, page.version, limit);
  };

  const sendWatch = ({ url }: ReceivedRequest, response: ServerResponse): void => {
    const since = Number(url.searchParams.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (since < forgotten) {
      const status = { kind: 'Status', code: 410, message: `too old resource version: ${since}` };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    const watch = { response, isSelected: selectionOf(url) };
    for (const change of history.slice(since)) tell(watch, change);
    watches.add(watch);
    response.on('close', () => watches.delete(watch));
  };

  /** For this watch, an object is added or deleted when it begins or ceases to match the selector. */
  const tell = ({ response, isSelected }: Watch, change: Change): void => {
    const was = change.before !== undefined && isSelected(change.before);
    const is = change.type !== 'DELETED' && isSelected(change.pod);
    if (!was && !is) return;
    const type = was && is ? 'MODIFIED' : is ? 'ADDED' : 'DELETED';
    const line = `${JSON.stringify({ type, object: metadataOf(change.pod, change.version) })}\n`;
    response.write(isDoubled ? line + line : line);
  };

  const record = (type: Change['type'], pod: ServedPod, before: ServedPod | undefined): void => {
    const change = { type, pod, before, version: history.length + 1 };
    history.push(change);
    for (const watch of watches) tell(watch, change);
  };

  /** Takes the watches so far; they get no more events. */
  const dropAll = (): readonly Watch[] => {
    const dropped = [...watches];
    watches.clear();
    return dropped;
  };

  const server: KubernetesServer = await startKubernetesServer({
    handler: (request, response) => {
      const kind = kindOf(request);
      if (take?.(kind, response)) return;
      if (kind === 'watch') sendWatch(request, response);
      else sendList(request, response);
    },
  });

  return {
    url: server.url,
    requests: server.requests,
    count: (kind) => server.requests.filter((request) => kindOf(request) === kind).length,
    openWatches: () => watches.size,
    put({ namespace, name, labels = {}, phase = 'Running' }) {
      const key = `${namespace}/${name}`;
      const before = pods.get(key);
      const pod = { namespace, name, labels, phase };
      pods.set(key, pod);
      record(before === undefined ? 'ADDED' : 'MODIFIED', pod, before);
    },
    remove(namespace, name) {
      const key = `${namespace}/${name}`;
      const pod = pods.get(key);
      if (pod === undefined) return;
      pods.delete(key);
      record('DELETED', pod, pod);
    },
    pods(namespace, labelSelector) {
      const selector = parseLabelSelector(labelSelector);
      const found = listed(namespace, ({ labels }) => selectorMatches(selector, labels));
      return found.map((pod) => `${pod.namespace}/${pod.name}`);
    },
    bookmark() {
      const object = { kind: 'Pod', metadata: { resourceVersion: String(history.length) } };
      for (const { response } of watches) {
        response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
      }
    },
    forget() {
      forgotten = history.length;
      pages.clear();
    },
    cut(lastBytes = '') {
      for (const { response } of dropAll()) {
        if (lastBytes === '') response.destroy();
        else response.write(lastBytes, () => response.destroy());
      }
    },
    end() {
      for (const { response } of dropAll()) response.end();
    },
    say(line) {
      for (const { response } of watches) response.write(`${line}\n`);
    },
    doubleEvents(doubled) {
      isDoubled = doubled;
    },
    intercept(next) {
      take = next;
    },
    close: () => server.close(),
  };
}

function kindOf({ url }: ReceivedRequest): RequestKind {
  if (url.searchParams.get('watch') === 'true') return 'watch';
  return url.searchParams.has('continue') ? 'page' : 'list';
}

function namespaceOf({ pathname }: URL): string | undefined {
  return /\/namespaces\/([^/]+)\/pods$/.exec(pathname)?.[1];
}

function selectionOf({ searchParams }: URL): (pod: ServedPod) => boolean {
  const selector = parseLabelSelector(searchParams.get('labelSelector') ?? '');
  const fields = (searchParams.get('fieldSelector') ?? '').split(',').filter((term) => term !== '');
  return (pod) =>
    selectorMatches(selector, pod.labels) && fields.every((term) => fieldMatches(term, pod));
}

function fieldMatches(term: string, { name, phase }: ServedPod): boolean {
  return term === `status.phase=${phase}` || term === `metadata.name=${name}`;
}

function metadataOf({ namespace, name, labels }: ServedPod, version = 1): object {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {
      namespace,
      name,
      labels,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-31T08:15:00Z',
    },
  };
}
