import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { LabelSelector } from '../apimachinery/label-selector.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { Sample, Samples } from '../prometheus/query.ts';
import { MOST_NAMES, shortQuery } from '../prometheus/sharing/short-query.ts';
import { QueryError, type QueryRequest } from '../rules/query.ts';
import type { CompiledResourceRule } from '../rules/rule.ts';
import { MetricsError } from './metrics-error.ts';
import type { ObjectIdentity } from './objects.ts';

/** The samples of a response. */
export interface SamplesByObject {
  /**
   * Of each requested object, by {@link objectKey}, in the order of the response. Of their
   * labels only that of the container is kept.
   */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** The number of samples in the response. */
  readonly count: number;
  /** The number of samples without a label that identifies an object. */
  readonly unlabelled: number;
}

/**
 * Runs a query that must return an instant vector.
 *
 * @param read reads the samples; their memory is released when it has ended
 */
export type RunQuery = <Read>(
  promql: string,
  read: (samples: Samples) => Promise<Read>,
) => Promise<Read>;

/** Queries for the usage of objects, whose PromQL is generated already. */
export type UsageQueries = (run: RunQuery) => Promise<SamplesByObject>;

/** Identifies an object among those of its kind. */
export function objectKey({ namespace, name }: Omit<ObjectIdentity, 'labels'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * The average number of samples that are kept per object, and an additional number: a result with more is
 * rejected, since its samples are all in memory. Pods have fewer containers.
 */
const MOST_SAMPLES_PER_OBJECT = 30;
const ADDITIONAL_SAMPLES = 300;

/** The maximum number of concurrent queries if each namespace needs one. */
const CONCURRENT_NAMESPACES = 8;

/**
 * The usage of the containers of pods, in one query for any number of namespaces.
 *
 * For one namespace, the query is that of the reference adapter. For several, it is also grouped by namespace.
 * If that does not work, each namespace gets a query: the samples of a rule with `by (pod)` in place of
 * `<<.GroupBy>>` do not have the namespace, and a rule with `.LabelValuesByName` may support one namespace only.
 *
 * @param pods at least one
 * @throws MetricsError if the query cannot be generated
 */
export async function containerQueries(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  pods: readonly ObjectIdentity[],
): Promise<UsageQueries> {
  const labels = {
    namespace: labelOf(rule, mapper, 'namespaces'),
    pod: labelOf(rule, mapper, 'pods'),
    container: rule.containerLabel,
  };
  const byNamespace = [...(await groupByNamespace(pods))];
  const [first, ...others] = byNamespace;
  if (first !== undefined && others.length === 0) {
    return namespaceQuery(rule, labels, ...first);
  }
  if (rule.isForOneNamespace) {
    return (run) => queryEachNamespace(rule, labels, byNamespace, run);
  }
  const query = write(rule.containerQuery, requestOfAll(labels, byNamespace));
  return async (run) => {
    let isUngrouped = false;
    const keyOf = (sample: Sample): string | undefined => {
      const { [labels.namespace]: namespace, [labels.pod]: name } = sample.labels;
      if (name === undefined) return undefined;
      isUngrouped ||= namespace === undefined;
      return objectKey({ namespace, name });
    };
    const found = await run(query, byObject(pods, keyOf, labels.container));
    return isUngrouped ? queryEachNamespace(rule, labels, byNamespace, run) : found;
  };
}

/**
 * The usage of nodes.
 *
 * @param nodes at least one
 * @throws MetricsError if the query cannot be generated
 */
export async function nodeQueries(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  nodes: readonly ObjectIdentity[],
): Promise<UsageQueries> {
  const label = labelOf(rule, mapper, 'nodes');
  const query = writeShort(rule.nodeQuery, {
    series: '',
    selector: [],
    objects: { label, names: nodes.map(({ name }) => name) },
    groupBy: [label],
  });
  return (run) =>
    run(
      query,
      byObject(nodes, ({ labels: { [label]: name } }) => name, ''),
    );
}

interface ContainerLabels {
  readonly namespace: string;
  readonly pod: string;
  /** Empty: none. */
  readonly container: string;
}

type PodsOfNamespace = readonly [namespace: string, pods: readonly ObjectIdentity[]];

function namespaceQuery(
  rule: CompiledResourceRule,
  labels: ContainerLabels,
  ...[namespace, pods]: PodsOfNamespace
): UsageQueries {
  const request: QueryRequest = {
    series: '',
    selector: [],
    namespace: { label: labels.namespace, value: namespace },
    objects: { label: labels.pod, names: pods.map(({ name }) => name) },
    groupBy: named(labels.pod, labels.container),
  };
  const query = writeShort(rule.containerQuery, request, named(labels.container));
  const keyOf = ({ labels: { [labels.namespace]: own, [labels.pod]: name } }: Sample) =>
    name === undefined ? undefined : objectKey({ namespace: own ?? namespace, name });
  return (run) => run(query, byObject(pods, keyOf, labels.container));
}

async function queryEachNamespace(
  rule: CompiledResourceRule,
  labels: ContainerLabels,
  byNamespace: readonly PodsOfNamespace[],
  run: RunQuery,
): Promise<SamplesByObject> {
  const questions = byNamespace.map((each) => namespaceQuery(rule, labels, ...each));
  const answers: SamplesByObject[] = [];
  for (let i = 0; i < questions.length; i += CONCURRENT_NAMESPACES) {
    const some = questions.slice(i, i + CONCURRENT_NAMESPACES).map((question) => question(run));
    answers.push(...(await Promise.all(some)));
  }
  return {
    samples: new Map(answers.flatMap(({ samples }) => [...samples])),
    count: answers.reduce((sum, { count }) => sum + count, 0),
    unlabelled: answers.reduce((sum, { unlabelled }) => sum + unlabelled, 0),
  };
}

/** The result may include samples of other pods, whose keys are never looked up. */
function requestOfAll(
  labels: ContainerLabels,
  byNamespace: readonly PodsOfNamespace[],
): QueryRequest {
  const namespaces = byNamespace.map(([namespace]) => namespace);
  const names = fewNames(byNamespace);
  const inNamespaces = namespaces.length <= MOST_NAMES;
  const selector: LabelSelector = [
    inNamespaces
      ? { key: labels.namespace, operator: 'in', values: namespaces }
      : { key: labels.namespace, operator: 'exists', values: [] },
    ...(names !== undefined ? [] : [{ key: labels.pod, operator: 'exists', values: [] } as const]),
  ];
  return {
    series: '',
    selector,
    ...(names !== undefined && { objects: { label: labels.pod, names } }),
    groupBy: named(labels.namespace, labels.pod, labels.container),
  };
}

/** The distinct names of the pods, sorted; undefined if there are more than {@link MOST_NAMES}. */
function fewNames(byNamespace: readonly PodsOfNamespace[]): readonly string[] | undefined {
  const names = new Set<string>();
  for (const [, pods] of byNamespace) {
    for (const { name } of pods) {
      names.add(name);
      if (names.size > MOST_NAMES) return undefined;
    }
  }
  return [...names].toSorted();
}

async function groupByNamespace(
  pods: readonly ObjectIdentity[],
): Promise<ReadonlyMap<string, readonly ObjectIdentity[]>> {
  const slices = createTimeSlices();
  const groups = new Map<string, ObjectIdentity[]>();
  for (const pod of pods) {
    const { namespace = '' } = pod;
    const known = groups.get(namespace);
    if (known === undefined) groups.set(namespace, [pod]);
    else known.push(pod);
    if (slices.isOver()) await slices.pause();
  }
  return groups;
}

function named(...labels: readonly string[]): readonly string[] {
  return labels.filter((label) => label !== '');
}

function write(query: CompiledResourceRule['nodeQuery'], request: QueryRequest): string {
  try {
    return query.for(request);
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    throw new MetricsError('InternalError', 'unable to fetch metrics', { cause });
  }
}

/** The response may have samples of other objects. Their keys are never looked up. */
function writeShort(
  query: CompiledResourceRule['nodeQuery'],
  request: QueryRequest,
  partLabels: readonly string[] = [],
): string {
  const own = write(query, request);
  return shortQuery(query, request, own, partLabels).promql ?? own;
}

function labelOf(
  { resources }: CompiledResourceRule,
  mapper: ResourceMapper,
  name: 'namespaces' | 'pods' | 'nodes',
): string {
  const resource = mapper.find('', name);
  const label = resource && resources.labelOf(resource, mapper);
  if (label !== undefined) return label;
  throw new MetricsError('InternalError', 'unable to fetch metrics', {
    cause: new Error(`resourceRules: no label maps to ${name}: expected an override or a template`),
  });
}

/** @param partLabel the label that is kept */
function byObject(
  objects: readonly ObjectIdentity[],
  keyOf: (sample: Sample) => string | undefined,
  partLabel: string,
): (samples: Samples) => Promise<SamplesByObject> {
  return async (samples) => {
    const slices = createTimeSlices();
    const found = await emptyLists(objects);
    const most = ADDITIONAL_SAMPLES + MOST_SAMPLES_PER_OBJECT * objects.length;
    let kept = 0;
    let unlabelled = 0;
    for (const sample of samples) {
      if (slices.isOver()) await slices.pause();
      const key = keyOf(sample);
      if (key === undefined) unlabelled += 1;
      const ofObject = key === undefined ? undefined : found.get(key);
      if (ofObject === undefined) continue;
      kept += 1;
      if (kept > most) throw tooManySamples(objects.length, most);
      ofObject.push(onlyPart(sample, partLabel));
    }
    return { samples: found, count: samples.length, unlabelled };
  };
}

async function emptyLists(objects: readonly ObjectIdentity[]): Promise<Map<string, Sample[]>> {
  const slices = createTimeSlices();
  const lists = new Map<string, Sample[]>();
  for (const object of objects) {
    lists.set(objectKey(object), []);
    if (slices.isOver()) await slices.pause();
  }
  return lists;
}

/** In a large result, the labels need most of the memory of a sample. */
function onlyPart({ labels, value, timestamp }: Sample, partLabel: string): Sample {
  const part = labels[partLabel];
  return { labels: part === undefined ? {} : { [partLabel]: part }, value, timestamp };
}

function tooManySamples(objects: number, most: number): MetricsError {
  return new MetricsError('InternalError', 'unable to fetch metrics', {
    cause: new Error(
      `the result has more than ${most} samples for ${objects} objects: aggregate by (<<.GroupBy>>)`,
    ),
  });
}
