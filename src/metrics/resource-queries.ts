import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import type { LabelSelector } from '../apimachinery/label-selector.ts';
import { QueryError, type QueryRequest } from '../rules/metrics-query.ts';
import type { CompiledResourceRule } from '../rules/rule.ts';
import { MetricsError } from './metrics-error.ts';
import type { ObjectIdentity } from './object-metadata.ts';
import type { Sample } from './query-runner.ts';

/** The samples of each object, by {@link objectKey}, in the order of the answer. */
export type SamplesByObject = ReadonlyMap<string, readonly Sample[]>;

/** Runs a query whose answer must be an instant vector. */
export type RunQuery = (promql: string) => Promise<readonly Sample[]>;

/** A question to Prometheus that is ready to be put: its PromQL is made. */
export type UsageQuestion = (run: RunQuery) => Promise<SamplesByObject>;

/** What tells an object from all others of its kind. */
export function objectKey({ namespace, name }: Omit<ObjectIdentity, 'labels'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Of more objects the names are not put in a query: it would become too long for some proxies. */
const MOST_NAMES = 100;

/** How many namespaces are asked about at once, where each has to be asked about by itself. */
const NAMESPACES_AT_ONCE = 8;

/**
 * Asks what the containers of pods use: once, however many namespaces the pods are in.
 *
 * The pods of one namespace are asked for as the reference adapter does. Those of several are
 * grouped by namespace too. Each namespace is asked about by itself where that does not do: a rule
 * that does not group as it is told (`by (pod)` in place of `<<.GroupBy>>`) gives samples that do not
 * say of which namespace they are, and one that takes names out of `.LabelValuesByName` may take
 * several namespaces for one.
 *
 * @param pods at least one
 * @throws MetricsError where the rule gives no query
 */
export function questionOfContainers(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  pods: readonly ObjectIdentity[],
): UsageQuestion {
  const labels = {
    namespace: labelOf(rule, mapper, 'namespaces'),
    pod: labelOf(rule, mapper, 'pods'),
    container: rule.containerLabel,
  };
  const byNamespace = [...Map.groupBy(pods, ({ namespace = '' }) => namespace)];
  const [first, ...others] = byNamespace;
  if (first !== undefined && others.length === 0) {
    return questionOfNamespace(rule, labels, ...first);
  }
  if (rule.containerQuery.text.includes('LabelValuesByName')) {
    return (run) => askSeparately(rule, labels, byNamespace, run);
  }
  const query = write(rule.containerQuery, requestOfAll(labels, byNamespace));
  return async (run) => {
    const samples = await run(query);
    const isUngrouped = samples.some(
      (sample) =>
        sample.labels[labels.pod] !== undefined && sample.labels[labels.namespace] === undefined,
    );
    if (isUngrouped) return askSeparately(rule, labels, byNamespace, run);
    return byObject(samples, ({ labels: { [labels.namespace]: namespace, [labels.pod]: name } }) =>
      name === undefined ? undefined : objectKey({ namespace, name }),
    );
  };
}

/**
 * Asks what nodes use.
 *
 * @param nodes at least one
 * @throws MetricsError where the rule gives no query
 */
export function questionOfNodes(
  rule: CompiledResourceRule,
  mapper: ResourceMapper,
  nodes: readonly ObjectIdentity[],
): UsageQuestion {
  const label = labelOf(rule, mapper, 'nodes');
  const query = write(rule.nodeQuery, {
    series: '',
    selector: [],
    objects: { label, names: nodes.map(({ name }) => name) },
    groupBy: [label],
  });
  return async (run) => byObject(await run(query), ({ labels: { [label]: name } }) => name);
}

interface ContainerLabels {
  readonly namespace: string;
  readonly pod: string;
  /** Empty: none. */
  readonly container: string;
}

type PodsOfNamespace = readonly [namespace: string, pods: readonly ObjectIdentity[]];

function questionOfNamespace(
  rule: CompiledResourceRule,
  labels: ContainerLabels,
  ...[namespace, pods]: PodsOfNamespace
): UsageQuestion {
  const query = write(rule.containerQuery, {
    series: '',
    selector: [],
    namespace: { label: labels.namespace, value: namespace },
    objects: { label: labels.pod, names: pods.map(({ name }) => name) },
    groupBy: named(labels.pod, labels.container),
  });
  return async (run) =>
    byObject(await run(query), ({ labels: { [labels.namespace]: own, [labels.pod]: name } }) =>
      name === undefined ? undefined : objectKey({ namespace: own ?? namespace, name }),
    );
}

async function askSeparately(
  rule: CompiledResourceRule,
  labels: ContainerLabels,
  byNamespace: readonly PodsOfNamespace[],
  run: RunQuery,
): Promise<SamplesByObject> {
  const questions = byNamespace.map((each) => questionOfNamespace(rule, labels, ...each));
  const found: (readonly [string, readonly Sample[]])[] = [];
  for (let i = 0; i < questions.length; i += NAMESPACES_AT_ONCE) {
    const some = questions.slice(i, i + NAMESPACES_AT_ONCE).map((question) => question(run));
    found.push(...(await Promise.all(some)).flatMap((samples) => [...samples]));
  }
  return new Map(found);
}

/** Samples of other pods may be among the answer: nobody asks for their key afterwards. */
function requestOfAll(
  labels: ContainerLabels,
  byNamespace: readonly PodsOfNamespace[],
): QueryRequest {
  const namespaces = byNamespace.map(([namespace]) => namespace);
  const pods = byNamespace.flatMap(([, inNamespace]) => inNamespace.map(({ name }) => name));
  const names = [...new Set(pods)].toSorted();
  const byName = names.length <= MOST_NAMES;
  const inNamespaces = namespaces.length <= MOST_NAMES;
  const selector: LabelSelector = [
    inNamespaces
      ? { key: labels.namespace, operator: 'in', values: namespaces }
      : { key: labels.namespace, operator: 'exists', values: [] },
    ...(byName ? [] : [{ key: labels.pod, operator: 'exists', values: [] } as const]),
  ];
  return {
    series: '',
    selector,
    ...(byName && { objects: { label: labels.pod, names } }),
    groupBy: named(labels.namespace, labels.pod, labels.container),
  };
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

function labelOf(
  { resources }: CompiledResourceRule,
  mapper: ResourceMapper,
  name: 'namespaces' | 'pods' | 'nodes',
): string {
  const resource = mapper.find('', name);
  const label = resource && resources.labelOf(resource, mapper);
  if (label !== undefined) return label;
  throw new MetricsError('InternalError', 'unable to fetch metrics', {
    cause: new Error(
      `resourceRules: no label stands for ${name}: expected an override or a template`,
    ),
  });
}

function byObject(
  samples: readonly Sample[],
  keyOf: (sample: Sample) => string | undefined,
): SamplesByObject {
  const found = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = keyOf(sample);
    if (key === undefined) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, [sample]);
    else known.push(sample);
  }
  return found;
}
