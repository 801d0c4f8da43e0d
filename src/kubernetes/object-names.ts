import type { ClusterResource } from '../apimachinery/cluster-resource.ts';
import { formatLabelSelector, type LabelSelector } from '../apimachinery/label-selector.ts';
import { listPath } from './api-path.ts';
import { KubernetesError } from './kubernetes-error.ts';
import type { KubernetesRequester } from './requester.ts';
import { createSharedCalls } from './shared-calls.ts';

export interface ObjectNamesRequest {
  readonly resource: ClusterResource;
  /** Undefined for root-scoped resources, and to look into all namespaces. */
  readonly namespace: string | undefined;
  /** An empty one selects every object. */
  readonly selector: LabelSelector;
  readonly signal?: AbortSignal;
}

/** Names of objects as the API server has them. */
export interface ClusterObjectNames {
  /**
   * The names of the objects that a selector picks, sorted, each once. None for a namespace that
   * cannot exist (empty, not a DNS label) and for a root-scoped resource in a namespace.
   *
   * @throws {KubernetesError}
   */
  list(request: ObjectNamesRequest): Promise<readonly string[]>;
}

const PAGE_SIZE = 500;
const ACCEPT_METADATA =
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
/** How often a list is begun anew because the server has forgotten where it was. */
const MAX_RESTARTS = 3;

/**
 * Lists only the metadata of objects, page by page; callers who ask for the same at the same time
 * share one listing.
 */
export function createObjectNames(requester: KubernetesRequester): ClusterObjectNames {
  const listings = createSharedCalls<readonly string[]>();

  return {
    async list({ resource, namespace, selector, signal }) {
      const path = listPath(resource, namespace);
      if (path === undefined) return [];
      const labelSelector = formatLabelSelector(selector);
      const start = (shared: AbortSignal): Promise<readonly string[]> =>
        listNames(requester, path, labelSelector, shared);
      return listings.join(`${path}?${labelSelector}`, start, signal).catch((error: unknown) => {
        throw signal?.aborted ? new KubernetesError('canceled', `GET ${path}: canceled`) : error;
      });
    },
  };
}

async function listNames(
  requester: KubernetesRequester,
  path: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listAllPages(requester, path, labelSelector, signal);
    } catch (error) {
      const isExpired = error instanceof KubernetesError && error.kind === 'gone';
      if (!isExpired || restarts === MAX_RESTARTS) throw error;
    }
  }
}

async function listAllPages(
  requester: KubernetesRequester,
  path: string,
  labelSelector: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names = new Set<string>();
  const tokens = new Set<string>();
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (labelSelector !== '') query.set('labelSelector', labelSelector);

  for (;;) {
    const { body } = await requester.getJson(path, { accept: ACCEPT_METADATA, query, signal });
    const page = parsePage(path, body);
    for (const name of page.names) names.add(name);
    if (page.continueToken === '') return [...names].toSorted();
    if (tokens.has(page.continueToken)) {
      throw new KubernetesError('bad_answer', `GET ${path}: the same page is offered again`);
    }
    tokens.add(page.continueToken);
    query.set('continue', page.continueToken);
  }
}

/** A PartialObjectMetadataList, or a list of whole objects, which has the same shape. */
function parsePage(path: string, body: unknown): { names: string[]; continueToken: string } {
  // Go writes an empty list as null.
  const items = fieldOf(body, 'items') === null ? [] : fieldOf(body, 'items');
  if (!Array.isArray(items)) {
    throw new KubernetesError('bad_answer', `GET ${path}: expected a list of objects`);
  }
  const names = items.map((item: unknown) => {
    const name = fieldOf(fieldOf(item, 'metadata'), 'name');
    if (typeof name !== 'string' || name === '') {
      throw new KubernetesError('bad_answer', `GET ${path}: an object without a name`);
    }
    return name;
  });
  const continueToken = fieldOf(fieldOf(body, 'metadata'), 'continue');
  return { names, continueToken: typeof continueToken === 'string' ? continueToken : '' };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}
