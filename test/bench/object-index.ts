/**
 * The cost of the object index, for 50,000 pods in 100 namespaces:
 *
 *   make bench-object-index
 *
 * Prints memory in bytes per pod, for pods of Deployments (pods of a ReplicaSet have the same labels)
 * and of StatefulSets (each has labels of its own), and the time of the usual operations. Pods are
 * read from JSON text as they are from an API server.
 */
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import { IndexedObjects } from '../../src/kubernetes/objects/indexed-objects.ts';
import { LabelPool } from '../../src/kubernetes/objects/label-pool.ts';
import { parseObjectMetadata } from '../../src/kubernetes/objects/object-metadata.ts';
import { resultFlags } from './arguments/adapter-flags.ts';
import type { Column, Row } from './report/table.ts';
import { runBench } from './run-bench.ts';

const columns: readonly Column[] = [
  { key: 'kind', title: 'pods of' },
  { key: 'bytesPerPod', title: 'bytes per pod' },
  { key: 'labelSets', title: 'label sets' },
  { key: 'fill', title: 'initial list incl. JSON, µs per pod', digits: 1 },
  { key: 'first', title: 'selector, first time, µs', digits: 1 },
  { key: 'again', title: 'selector, cached, µs', digits: 1 },
  { key: 'event', title: 'event incl. JSON, µs', digits: 1 },
  { key: 'bytesAfterChurn', title: 'bytes per pod after churn' },
];

const PODS = 50_000;
const NAMESPACES = 100;
const REPLICAS = 10;
const SELECTORS = 200;

interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
}

function workloads(kind: Workload['kind']): readonly Workload[] {
  return Array.from({ length: PODS / REPLICAS }, (_, number) => ({
    kind,
    namespace: `team-${number % NAMESPACES}`,
    name: `service-${String(number).padStart(4, '0')}`,
  }));
}

/** A pod's metadata in JSON, as the API server writes it, without the fields that the index ignores. */
function podText({ kind, namespace, name }: Workload, replica: number, revision = 0): string {
  const hash = (Number.parseInt(name.slice(-4), 10) * 7919 + 1_000_000).toString(36);
  const ordinal = kind === 'StatefulSet' ? String(replica) : `${hash}-${replica}x7k${replica}`;
  const own =
    kind === 'StatefulSet'
      ? {
          'apps.kubernetes.io/pod-index': String(replica),
          'controller-revision-hash': `${name}-${hash}`,
          'statefulset.kubernetes.io/pod-name': `${name}-${ordinal}`,
        }
      : { 'pod-template-hash': hash };
  return JSON.stringify({
    metadata: {
      name: `${name}-${ordinal}`,
      namespace,
      labels: {
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/part-of': namespace,
        'app.kubernetes.io/version': '1.2.3',
        revision: String(revision),
        ...own,
      },
      creationTimestamp: '2026-01-31T08:15:00Z',
      resourceVersion: '123456789',
    },
  });
}

function put(index: IndexedObjects, text: string): void {
  const object = parseObjectMetadata(JSON.parse(text));
  if (object === undefined) throw new Error(`not an object: ${text}`);
  index.put(object);
}

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('expected to be run with --expose-gc');
  for (let round = 0; round < 3; round += 1) globalThis.gc();
  return process.memoryUsage().heapUsed;
}

async function milliseconds(action: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

function fill(index: IndexedObjects, of: readonly Workload[], revision = 0): void {
  for (const workload of of) {
    for (let replica = 0; replica < REPLICAS; replica += 1) {
      put(index, podText(workload, replica, revision));
    }
  }
}

async function measure(kind: Workload['kind']): Promise<Row> {
  const of = workloads(kind);
  const before = heapBytes();
  const pool = new LabelPool();
  const index = new IndexedObjects(pool);
  const fillMs = await milliseconds(() => fill(index, of));
  await index.tidy();
  const bytesPerPod = (heapBytes() - before) / PODS;
  const labelSets = pool.size;

  const asked = of.slice(0, SELECTORS).map(({ namespace, name }) => ({
    namespace,
    selector: parseLabelSelector(`app.kubernetes.io/name=${name}`),
  }));
  const ask = async (): Promise<void> => {
    for (const query of asked) {
      if ((await index.names(query)).length !== REPLICAS) throw new Error('wrong answer');
    }
  };
  const firstMs = await milliseconds(ask);
  const againMs = await milliseconds(ask);

  const churnMs = await milliseconds(() => fill(index, of.slice(0, 500), 0));
  // Every pod gets other labels, twice: unused labels have to be removed.
  fill(index, of, 1);
  fill(index, of, 2);
  await index.tidy();
  return {
    kind,
    bytesPerPod,
    labelSets,
    fill: (fillMs * 1000) / PODS,
    first: (firstMs * 1000) / SELECTORS,
    again: (againMs * 1000) / SELECTORS,
    event: (churnMs * 1000) / (500 * REPLICAS),
    bytesAfterChurn: (heapBytes() - before) / index.size,
  };
}

await runBench({
  summary: 'What the object index costs, in memory and in time.',
  flags: resultFlags,
  run: async () => ({
    bench: 'object-index',
    settings: { pods: PODS, namespaces: NAMESPACES, replicas: REPLICAS, selectors: SELECTORS },
    columns,
    rows: [await measure('Deployment'), await measure('StatefulSet')],
  }),
});
