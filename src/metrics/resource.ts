import type { ClusterResource, ResourceMapper } from '../apimachinery/cluster-resource.ts';
import {
  demandedValue,
  type FieldSelector,
  fieldSelectorMatches,
} from '../apimachinery/field-selector.ts';
import type { LabelSelector } from '../apimachinery/label-selector.ts';
import { withScopedSignal } from '../async/scoped-signal.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { createWeightedSemaphore, type WeightedSemaphore } from '../async/weighted-semaphore.ts';
import type { Caller, QueryRunner, Sample } from '../prometheus/query.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import type { CompiledResourceRule, CompiledResourceRules } from '../rules/rule.ts';
import {
  createLeftOutSamples,
  type LeftOutSamples,
  type MissingObjects,
  MOST_MISSING_NAMES,
  type OnAnswer,
} from './answer-summary.ts';
import { MetricsError, ObjectNotFoundError } from './metrics-error.ts';
import type { ObjectIdentity, ObjectMetadata, ObjectMetadataRequest } from './objects.ts';
import {
  containerQueries,
  nodeQueries,
  objectKey,
  type RunQuery,
  type SamplesByObject,
} from './resource-queries.ts';
import { runQuery } from './run-query.ts';
import { type ResourceUsage, sampleUsage } from './sample-value.ts';

const GROUP = 'metrics.k8s.io';

/** The fields of a field selector. */
export const selectableFields = ['metadata.name', 'metadata.namespace'] as const;

/** A request for the metrics of one object. */
export interface ResourceMetricRequest extends Caller {
  readonly name: string;
}

/** A request for the metrics of all objects that match. */
export interface ResourceMetricsRequest extends Caller {
  readonly selector: LabelSelector;
  /** On {@link selectableFields}. */
  readonly fields: FieldSelector;
}

/** The usage of a node. */
export interface NodeMetrics {
  readonly object: ObjectIdentity;
  /** The time of the earliest sample, in seconds since the epoch. */
  readonly timestamp: number;
  /** The period of the usage up to the timestamp, in milliseconds. */
  readonly window: number;
  readonly usage: ResourceUsage;
}

/** The usage of the containers of a pod. */
export interface PodMetrics extends Omit<NodeMetrics, 'usage'> {
  /** Sorted by name, at least one. */
  readonly containers: readonly ContainerMetrics[];
}

export interface ContainerMetrics {
  /** Empty if the samples have no label for the container. */
  readonly name: string;
  readonly usage: ResourceUsage;
}

/**
 * The metrics of metrics.k8s.io. All methods throw {@link MetricsError}. If a query fails, the request fails,
 * since a list without some objects would look complete.
 */
export interface ResourceMetrics {
  /** One pod. Throws {@link ObjectNotFoundError} if it does not run or has no samples. */
  pod(request: ResourceMetricRequest & { readonly namespace: string }): Promise<PodMetrics>;
  /**
   * The running pods that match and have samples of both CPU and memory, sorted by namespace and
   * name.
   *
   * @param request.namespace undefined for all namespaces
   */
  pods(
    request: ResourceMetricsRequest & { readonly namespace: string | undefined },
  ): Promise<readonly PodMetrics[]>;
  /** One node. Throws {@link ObjectNotFoundError} if it does not exist or has no samples. */
  node(request: ResourceMetricRequest): Promise<NodeMetrics>;
  /** The nodes that match and have samples of both CPU and memory, sorted by name. */
  nodes(request: ResourceMetricsRequest): Promise<readonly NodeMetrics[]>;
}

export interface ResourceMetricsDependencies {
  /** Undefined if there are no rules, or no longer any. */
  readonly rules: () => CompiledResourceRules | undefined;
  readonly mapper: () => ResourceMapper;
  readonly objects: ObjectMetadata;
  readonly servers: PrometheusServers<QueryRunner>;
  readonly onAnswer: OnAnswer;
}

/** Requests for at most this number of objects never wait for others. */
const FEW_OBJECTS = 1_000;

/** The maximum number of objects of concurrent larger requests, at about one kilobyte each. */
const MOST_OBJECTS = 20_000;

export function createResourceMetrics(service: ResourceMetricsDependencies): ResourceMetrics {
  const dependencies = { ...service, largeRequests: createWeightedSemaphore(MOST_OBJECTS) };
  return {
    async pod(request) {
      const { namespace, name } = request;
      const found = await listObjects(dependencies, 'pods', request);
      if (found.length === 0) throw new ObjectNotFoundError('', 'pods', name);
      const [metrics] = await metricsOfPods(dependencies, found, request);
      if (metrics !== undefined) return metrics;
      throw new ObjectNotFoundError(GROUP, 'podmetrics', objectKey({ namespace, name }));
    },

    async pods(request) {
      const pods = await selectObjects(dependencies, 'pods', request);
      return metricsOfPods(dependencies, pods, request);
    },

    async node(request) {
      const { name } = request;
      const found = await listObjects(dependencies, 'nodes', request);
      // The term of the reference adapter.
      if (found.length === 0) throw new ObjectNotFoundError('', 'node', name);
      const [metrics] = await metricsOfNodes(dependencies, found, request);
      if (metrics !== undefined) return metrics;
      throw new ObjectNotFoundError(GROUP, 'nodemetrics', name);
    },

    async nodes(request) {
      const nodes = await selectObjects(dependencies, 'nodes', request);
      return metricsOfNodes(dependencies, nodes, request);
    },
  };
}

interface Selection extends ResourceMetricsRequest {
  readonly namespace?: string | undefined;
}

/** The objects that match labels and fields. Fields that require one value already narrow the listing. */
async function selectObjects(
  dependencies: ResourceMetricsDependencies,
  kind: 'pods' | 'nodes',
  { fields, ...request }: Selection,
): Promise<readonly ObjectIdentity[]> {
  const demandedNamespace =
    kind === 'pods' ? demandedValue(fields, 'metadata.namespace') : undefined;
  const listed = await listObjects(dependencies, kind, {
    ...request,
    namespace: request.namespace ?? demandedNamespace,
    name: demandedValue(fields, 'metadata.name'),
  });
  return fields.length === 0 ? listed : selectByFields(listed, fields);
}

/** In time slices, since selector and list can both be long. */
async function selectByFields(
  objects: readonly ObjectIdentity[],
  fields: FieldSelector,
): Promise<readonly ObjectIdentity[]> {
  const slices = createTimeSlices();
  const selected: ObjectIdentity[] = [];
  const values = new Map<string, string>();
  for (const object of objects) {
    const { name, namespace = '' } = object;
    values.set('metadata.name', name).set('metadata.namespace', namespace);
    if (fieldSelectorMatches(fields, values)) selected.push(object);
    if (slices.isOver()) await slices.pause();
  }
  return selected;
}

interface Listing {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly selector?: LabelSelector;
  readonly signal?: AbortSignal | undefined;
}

async function listObjects(
  { mapper, objects }: ResourceMetricsDependencies,
  kind: 'pods' | 'nodes',
  { namespace, name, selector = [], signal }: Listing,
): Promise<readonly ObjectIdentity[]> {
  const request: ObjectMetadataRequest = {
    resource: resourceOf(mapper(), kind),
    namespace,
    name,
    selector,
    signal,
  };
  try {
    return await objects.list(request);
  } catch (cause) {
    if (cause instanceof MetricsError) throw cause;
    throw new MetricsError('InternalError', 'unable to list matching resources', { cause });
  }
}

function resourceOf(mapper: ResourceMapper, kind: 'pods' | 'nodes'): ClusterResource {
  const resource = mapper.find('', kind);
  if (resource !== undefined) return resource;
  throw new MetricsError('InternalError', 'unable to list matching resources', {
    cause: new Error(`discovery of the cluster has not found ${kind} yet`),
  });
}

/** The parameters of a request in addition to the objects. */
interface RequestScope extends Caller {
  readonly namespace?: string | undefined;
}

interface MeasuringDependencies extends ResourceMetricsDependencies {
  readonly largeRequests: WeightedSemaphore;
}

/** The pods with samples of both CPU and memory. */
async function metricsOfPods(
  dependencies: MeasuringDependencies,
  pods: readonly ObjectIdentity[],
  request: RequestScope,
): Promise<readonly PodMetrics[]> {
  if (pods.length === 0) return [];
  return measure(
    dependencies,
    { kind: 'pods', objects: pods, request, queriesFor: containerQueries },
    ({ object, cpu, memory }, { rules, leftOut }) => ({
      object,
      timestamp: earliest([...cpu, ...memory]),
      window: rules.window,
      containers: containersOf(rules, cpu, memory, leftOut),
    }),
  );
}

/** The nodes with samples of both CPU and memory. */
async function metricsOfNodes(
  dependencies: MeasuringDependencies,
  nodes: readonly ObjectIdentity[],
  request: RequestScope,
): Promise<readonly NodeMetrics[]> {
  if (nodes.length === 0) return [];
  return measure(
    dependencies,
    { kind: 'nodes', objects: nodes, request, queriesFor: nodeQueries },
    ({ object, cpu: [cpu, ...moreCpu], memory: [memory, ...moreMemory] }, { rules, leftOut }) => {
      // If a node has several samples, the first one is used, as in the reference adapter.
      leftOut.add('several_for_one_object', moreCpu.length + moreMemory.length);
      return {
        object,
        timestamp: earliest([cpu, memory]),
        window: rules.window,
        usage: { cpu: sampleUsage(cpu, leftOut), memory: sampleUsage(memory, leftOut) },
      };
    },
  );
}

/** The objects to measure, and their queries. */
interface Measurement {
  readonly kind: 'pods' | 'nodes';
  /** At least one. */
  readonly objects: readonly ObjectIdentity[];
  readonly request: RequestScope;
  readonly queriesFor: typeof nodeQueries;
}

interface MeasuringContext {
  readonly rules: CompiledResourceRules;
  readonly leftOut: LeftOutSamples;
}

/**
 * Queries CPU and memory, and returns metrics for the objects that have both, and the objects that do
 * not.
 */
async function measure<Metrics>(
  dependencies: MeasuringDependencies,
  { kind, objects, request, queriesFor }: Measurement,
  metricsOf: (samples: ObjectSamples, context: MeasuringContext) => Metrics,
): Promise<readonly Metrics[]> {
  if (objects.length > FEW_OBJECTS) {
    await admitLarge(dependencies.largeRequests, objects.length, request);
  }
  const rules = rulesOf(dependencies);
  const mapper = dependencies.mapper();
  const sentQueries: string[] = [];
  const cpuQueries = await queriesFor(rules.cpu, mapper, objects);
  const memoryQueries = await queriesFor(rules.memory, mapper, objects);
  const [cpu, memory] = await bothOrNone(
    cpuQueries(runnerFor(rules.cpu, dependencies, request, sentQueries)),
    memoryQueries(runnerFor(rules.memory, dependencies, request, sentQueries)),
  );
  const leftOut = createLeftOutSamples();
  leftOut.add('label_missing', cpu.unlabelled + memory.unlabelled);
  const missing = createMissingUsage();
  const found: Metrics[] = [];
  const slices = createTimeSlices();
  for (const object of objects) {
    const samples = samplesOf(object, cpu, memory);
    if (isMeasured(samples)) found.push(metricsOf(samples, { rules, leftOut }));
    else missing.add(samples);
    if (slices.isOver()) await slices.pause();
  }
  dependencies.onAnswer({
    api: 'resource',
    metric: kind,
    namespace: request.namespace,
    queries: sentQueries.slice(0, MOST_REPORTED_QUERIES),
    samples: cpu.count + memory.count,
    leftOut: leftOut.counts,
    objects: { requested: objects.length, missing: missing.total() },
  });
  return found;
}

/** Waits before any query is sent, so that waiting requests hold no resource that others wait for. */
async function admitLarge(
  largeRequests: WeightedSemaphore,
  size: number,
  { signal }: Caller,
): Promise<void> {
  const leave = await largeRequests.acquire(size, signal);
  // The metrics are in memory until the response is complete.
  signal?.addEventListener('abort', leave, { once: true });
  if (signal === undefined || signal.aborted) leave();
}

/** One for CPU and one for memory. There can be one for each namespace. */
const MOST_REPORTED_QUERIES = 2;

interface MissingUsage {
  add(samples: SomeObjectSamples): void;
  total(): MissingObjects;
}

function createMissingUsage(): MissingUsage {
  const names: string[] = [];
  let count = 0;
  let withoutCpu = 0;
  let withoutMemory = 0;
  return {
    add({ object, cpu, memory }) {
      count += 1;
      if (cpu.length === 0) withoutCpu += 1;
      if (memory.length === 0) withoutMemory += 1;
      if (names.length < MOST_MISSING_NAMES) names.push(objectKey(object));
    },
    total: () => ({ count, names, without: { cpu: withoutCpu, memory: withoutMemory } }),
  };
}

function rulesOf({ rules }: ResourceMetricsDependencies): CompiledResourceRules {
  const current = rules();
  if (current !== undefined) return current;
  throw new MetricsError('NotFound', 'the rules for resource metrics were removed');
}

/**
 * Runs the queries of a rule. A large result counts towards the memory budget until it is read, and not until
 * the request ends: two large results of one request would wait for each other.
 *
 * @param sentQueries each query is appended to it
 */
function runnerFor(
  { prometheus }: CompiledResourceRule,
  { servers }: ResourceMetricsDependencies,
  caller: Caller,
  sentQueries: string[],
): RunQuery {
  return (promql, read) => {
    sentQueries.push(promql);
    return withScopedSignal(caller.signal, async (signal) => {
      const answer = await runQuery(servers, prometheus, promql, { ...caller, signal });
      if (answer.type === 'vector') return read(answer.samples);
      throw new MetricsError('InternalError', 'unable to fetch metrics', {
        cause: new Error(
          `the query returned a ${answer.type}, expected an instant vector: ${promql}`,
        ),
      });
    });
  };
}

/** Waits for both even if one fails. @throws the error of the first that failed */
async function bothOrNone<Cpu, Memory>(
  ...both: readonly [Promise<Cpu>, Promise<Memory>]
): Promise<readonly [Cpu, Memory]> {
  await Promise.allSettled(both);
  return Promise.all(both);
}

type AtLeastOne = readonly [Sample, ...Sample[]];

interface SomeObjectSamples {
  readonly object: ObjectIdentity;
  readonly cpu: readonly Sample[];
  readonly memory: readonly Sample[];
}

interface ObjectSamples extends SomeObjectSamples {
  readonly cpu: AtLeastOne;
  readonly memory: AtLeastOne;
}

function samplesOf(
  object: ObjectIdentity,
  cpu: SamplesByObject,
  memory: SamplesByObject,
): SomeObjectSamples {
  const key = objectKey(object);
  return { object, cpu: cpu.samples.get(key) ?? [], memory: memory.samples.get(key) ?? [] };
}

function isMeasured(samples: SomeObjectSamples): samples is ObjectSamples {
  return samples.cpu.length > 0 && samples.memory.length > 0;
}

function earliest(samples: readonly Sample[]): number {
  return samples.reduce((least, { timestamp }) => Math.min(least, timestamp), Infinity);
}

/** A container without samples of CPU or of memory has the usage 0. */
function containersOf(
  rules: CompiledResourceRules,
  cpu: readonly Sample[],
  memory: readonly Sample[],
  leftOut: LeftOutSamples,
): readonly ContainerMetrics[] {
  const cpuByName = byContainer(cpu, rules.cpu.containerLabel);
  const memoryByName = byContainer(memory, rules.memory.containerLabel);
  leftOut.add('several_for_one_object', cpu.length - cpuByName.size);
  leftOut.add('several_for_one_object', memory.length - memoryByName.size);
  const names = new Set([...cpuByName.keys(), ...memoryByName.keys()]);
  const usageIn = (samples: ReadonlyMap<string, Sample>, name: string): bigint | undefined => {
    const sample = samples.get(name);
    return sample === undefined ? 0n : sampleUsage(sample, leftOut);
  };
  return [...names].toSorted().map((name) => ({
    name,
    usage: { cpu: usageIn(cpuByName, name), memory: usageIn(memoryByName, name) },
  }));
}

/** If a container has several samples, the last one is used, as in the reference adapter. */
function byContainer(samples: readonly Sample[], label: string): ReadonlyMap<string, Sample> {
  return new Map(samples.map((sample) => [sample.labels[label] ?? '', sample]));
}
