import { Ajv } from 'ajv';
import { loadAll } from 'js-yaml';
import { groupVersion, type ServedGroup, type ServedResource } from './kubernetes-discovery.ts';

/** Any Kubernetes object: what every kind has, and the rest as it is. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A change of the objects, as a watch reports it. */
export interface ObjectChange {
  readonly type: 'ADDED' | 'DELETED';
  readonly group: string;
  readonly kind: string;
  readonly object: KubernetesObject;
  /** Version of the whole collection after the change. */
  readonly resourceVersion: number;
}

const isObjectList = new Ajv({ strict: true }).compile<KubernetesObject[]>({
  type: 'array',
  items: {
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          namespace: { type: 'string' },
          labels: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
        },
      },
    },
  },
});

/**
 * Reads Kubernetes objects out of a YAML stream.
 *
 * @throws Error where a document is not a Kubernetes object.
 */
export function parseObjects(yaml: string): KubernetesObject[] {
  const documents = loadAll(yaml);
  if (!isObjectList(documents)) {
    throw new Error(`not Kubernetes objects: ${JSON.stringify(isObjectList.errors?.[0])}`);
  }
  return documents;
}

/** What every cluster has before anybody creates anything. */
export const clusterOwnObjects: readonly KubernetesObject[] = [
  ...['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: { clusterIP: '10.0.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] },
  },
];

/** The objects of the cluster, with a history that watches are fed from. */
export class ObjectStore {
  private readonly objects = new Map<string, KubernetesObject>();
  private readonly history: ObjectChange[] = [];
  private readonly listeners = new Set<(change: ObjectChange) => void>();
  /** Lists since the last change: a large one is read in a hundred pages. */
  private readonly lists = new Map<string, readonly KubernetesObject[]>();

  /** Version of the whole collection: the number of changes so far. */
  get resourceVersion(): number {
    return this.history.length;
  }

  /** Adds an object, with the fields that an API server sets itself. */
  add(object: KubernetesObject): void {
    const stored = withServerFields(object, this.resourceVersion + 1);
    this.objects.set(keyOf(stored), stored);
    this.record('ADDED', stored);
  }

  /** @throws Error where there is no such object. */
  remove(object: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>): void {
    const stored = this.objects.get(keyOf(object));
    if (stored === undefined) throw new Error(`there is no ${keyOf(object)}`);
    this.objects.delete(keyOf(stored));
    this.record('DELETED', stored);
  }

  /**
   * The objects of one resource, by namespace and name as an API server lists them.
   *
   * @param namespace undefined: of all namespaces.
   */
  list(group: string, kind: string, namespace: string | undefined): readonly KubernetesObject[] {
    const key = JSON.stringify([group, kind, namespace]);
    const known = this.lists.get(key) ?? this.sorted(group, kind, namespace);
    this.lists.set(key, known);
    return known;
  }

  private sorted(
    group: string,
    kind: string,
    namespace: string | undefined,
  ): readonly KubernetesObject[] {
    return [...this.objects]
      .filter(([, object]) => groupOf(object) === group && object.kind === kind)
      .filter(([, { metadata }]) => namespace === undefined || metadata.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** The changes of one resource after a version. */
  changesAfter(resourceVersion: number, group: string, kind: string): ObjectChange[] {
    return this.history
      .slice(resourceVersion)
      .filter((change) => change.group === group && change.kind === kind);
  }

  /** Calls back at every change, until the returned function is called. */
  follow(listener: (change: ObjectChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private record(type: ObjectChange['type'], object: KubernetesObject): void {
    this.lists.clear();
    const place = { group: groupOf(object), kind: object.kind };
    const change = { type, ...place, object, resourceVersion: this.resourceVersion + 1 };
    this.history.push(change);
    for (const listener of this.listeners) listener(change);
  }
}

/** An object as one version of its group shows it. */
export function showObject(
  object: KubernetesObject,
  group: ServedGroup,
  version: string,
): KubernetesObject {
  return { ...object, apiVersion: groupVersion(group.name, version) };
}

/** metav1.PartialObjectMetadata: the metadata alone. */
export function metadataOnly({ metadata }: KubernetesObject): KubernetesObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

/** The resource of a kind in a group, or undefined where the group has none. */
export function resourceOf(
  group: ServedGroup,
  version: string,
  name: string,
): ServedResource | undefined {
  return group.resources[version]?.find((resource) => resource.name === name);
}

function withServerFields(object: KubernetesObject, version: number): KubernetesObject {
  const { metadata } = object;
  const ownLabel = { 'kubernetes.io/metadata.name': metadata.name };
  const labels = object.kind === 'Namespace' ? { ...metadata.labels, ...ownLabel } : undefined;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(labels === undefined ? {} : { labels }),
      uid: `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
  };
}

function groupOf({ apiVersion }: Pick<KubernetesObject, 'apiVersion'>): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

function keyOf(object: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>): string {
  const { kind, metadata } = object;
  return [groupOf(object), kind, metadata.namespace ?? '', metadata.name].join('/');
}
