import {
  type ClusterResource,
  qualifiedName,
  type ResourceMapper,
} from '../apimachinery/cluster-resource.ts';
import {
  type LabelSelector,
  type LabelSelectorObject,
  toLabelSelectorObject,
} from '../apimachinery/label-selector.ts';
import { couldBeObjectName, isDnsLabel } from '../apimachinery/object-name.ts';
import { createTimeSlices, SHORT_STEPS } from '../async/time-slices.ts';
import type { Catalog, CustomMetric } from '../catalog/catalog.ts';
import type { Caller, QueryOrigin, QueryRunner, Sample, Samples } from '../prometheus/query.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import { QueryError, type QueryRequest, UnsupportedRequirementError } from '../rules/query.ts';
import {
  type AnswerSummary,
  createLeftOutSamples,
  type LeftOutSamples,
  type MissingObjects,
  MOST_MISSING_NAMES,
  type OnAnswer,
} from './answer-summary.ts';
import { MetricsError, metricNotFound, metricNotFoundFor } from './metrics-error.ts';
import type { ObjectNames } from './objects.ts';
import { runQuery } from './run-query.ts';
import { sampleQuantity } from './sample-value.ts';

/** A request to custom.metrics.k8s.io. */
export interface CustomMetricRequest extends Caller {
  /** As in the path: `pods`, `pod`, `deployments.apps`. */
  readonly resource: string;
  /** Undefined for a root-scoped resource. */
  readonly namespace: string | undefined;
  /** The object's name, or undefined for all that match `selector`. */
  readonly name: string | undefined;
  readonly metric: string;
  /** On the labels of the objects. Ignored with a name. */
  readonly selector: LabelSelector;
  /** On the labels of the metric. */
  readonly metricSelector: LabelSelector;
}

/** An object reference, core/v1 ObjectReference. */
export interface DescribedObject {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly apiVersion: string;
}

/** The value of a metric of an object, for both versions of the API. */
export interface MetricValue {
  readonly describedObject: DescribedObject;
  readonly metric: { readonly name: string; readonly selector: LabelSelectorObject | null };
  /** The evaluation time in seconds since the epoch. */
  readonly timestamp: number;
  /** A quantity. */
  readonly value: string;
}

export interface CustomMetrics {
  /**
   * The values of a metric: of one object by name, or of each object that matches and has a sample, sorted by
   * name.
   *
   * @throws MetricsError
   */
  get(request: CustomMetricRequest): Promise<readonly MetricValue[]>;
}

export interface CustomMetricsDependencies {
  readonly catalog: () => Catalog;
  readonly mapper: () => ResourceMapper;
  readonly objects: ObjectNames;
  readonly servers: PrometheusServers<QueryRunner>;
  readonly onAnswer: OnAnswer;
}

export function createCustomMetrics(dependencies: CustomMetricsDependencies): CustomMetrics {
  return {
    async get(request) {
      const metric = lookUp(dependencies, request);
      refuseImpossibleObjects(request);
      const names = await objectNames(dependencies, request, metric);
      if (names.length === 0) {
        dependencies.onAnswer(withoutObjects(about(request, metric)));
        throw metricNotFound(request.metric, request.resource);
      }
      const origin = { rule: metric.rule, request: queryRequest(request, metric, names) };
      const query = queryFor(request, origin);
      const answer = await runQuery(
        dependencies.servers,
        metric.rule.prometheus,
        query,
        request,
        origin,
      );
      if (answer.type !== 'vector') throw unexpectedType(answer.type, query);
      const leftOut = createLeftOutSamples();
      const samples = await associate(answer.samples, metric, request.namespace, names, leftOut);
      const { values, missing } = await valuesOf(request, metric, names, samples, leftOut);
      dependencies.onAnswer({
        ...about(request, metric),
        queries: [query],
        samples: answer.samples.length,
        leftOut: leftOut.counts,
        objects: { requested: names.length, missing },
      });
      if (request.name !== undefined && values.length === 0) {
        throw metricNotFoundFor(request.metric, request.resource, request.name);
      }
      return values;
    },
  };
}

function lookUp(
  { catalog, mapper }: CustomMetricsDependencies,
  request: CustomMetricRequest,
): CustomMetric {
  const resource = findResource(mapper(), request.resource);
  const metric =
    resource?.namespaced === (request.namespace !== undefined)
      ? catalog().custom(request.metric, resource)
      : undefined;
  if (metric === undefined) throw metricNotFound(request.metric, request.resource);
  return metric;
}

/** `resource.group`, the group reaching from the first dot to the end. */
function findResource(mapper: ResourceMapper, name: string): ClusterResource | undefined {
  const dot = name.indexOf('.');
  return dot < 0 ? mapper.find('', name) : mapper.find(name.slice(dot + 1), name.slice(0, dot));
}

/** Rejects names that no object can have before anything is requested. */
function refuseImpossibleObjects({ metric, resource, namespace, name }: CustomMetricRequest): void {
  const isPossible =
    (namespace === undefined || isDnsLabel(namespace)) &&
    (name === undefined || couldBeObjectName(name));
  if (isPossible) return;
  throw name === undefined
    ? metricNotFound(metric, resource)
    : metricNotFoundFor(metric, resource, name);
}

async function objectNames(
  { objects }: CustomMetricsDependencies,
  request: CustomMetricRequest,
  metric: CustomMetric,
): Promise<readonly string[]> {
  if (request.name !== undefined) return [request.name];
  return objects
    .list({
      resource: metric.resource,
      namespace: request.namespace,
      selector: request.selector,
      series: {
        prometheus: metric.rule.prometheus,
        name: metric.series,
        resourceLabel: metric.resourceLabel,
        namespaceLabel: metric.namespaceLabel,
      },
      signal: request.signal,
    })
    .catch((cause: unknown) => {
      if (cause instanceof MetricsError) throw cause;
      throw new MetricsError('InternalError', 'unable to list matching resources', { cause });
    });
}

function about(
  { metric, namespace }: CustomMetricRequest,
  { resource, resourceLabel }: CustomMetric,
): Pick<AnswerSummary, 'api' | 'metric' | 'namespace' | 'objectLabel'> {
  const name = `${qualifiedName(resource)}/${metric}`;
  return { api: 'custom', metric: name, namespace, objectLabel: resourceLabel };
}

/** No object matches, so that no query is needed. */
function withoutObjects(
  what: Pick<AnswerSummary, 'api' | 'metric' | 'namespace' | 'objectLabel'>,
): AnswerSummary {
  const objects = { requested: 0, missing: { count: 0, names: [] } };
  return { ...what, queries: [], samples: 0, leftOut: new Map(), objects };
}

function queryRequest(
  request: CustomMetricRequest,
  { series, namespaceLabel, resourceLabel }: CustomMetric,
  names: readonly string[],
): QueryRequest {
  return {
    series,
    selector: request.metricSelector,
    ...(namespaceLabel !== undefined &&
      request.namespace !== undefined && {
        namespace: { label: namespaceLabel, value: request.namespace },
      }),
    objects: { label: resourceLabel, names },
    groupBy: [resourceLabel],
  };
}

function queryFor(
  request: CustomMetricRequest,
  { rule, request: queryRequest }: QueryOrigin,
): string {
  try {
    return rule.query.for(queryRequest);
  } catch (error) {
    if (error instanceof UnsupportedRequirementError) {
      throw new MetricsError('BadRequest', `metricLabelSelector: ${error.message}`);
    }
    if (error instanceof QueryError) throw metricNotFound(request.metric, request.resource, error);
    throw error;
  }
}

function unexpectedType(type: string, query: string): MetricsError {
  return new MetricsError('InternalError', 'unable to fetch metrics', {
    cause: new Error(`the query returned a ${type}, expected an instant vector: ${query}`),
  });
}

/**
 * The sample of each object: the last one if there are several, as in the reference adapter. A sample with
 * another namespace belongs to another object with the same name: the query of the rule does not select the
 * namespace.
 */
async function associate(
  samples: Samples,
  { resourceLabel, namespaceLabel }: CustomMetric,
  namespace: string | undefined,
  names: readonly string[],
  leftOut: LeftOutSamples,
): Promise<ReadonlyMap<string, Sample>> {
  const slices = createTimeSlices(SHORT_STEPS);
  const requested = new Set(names);
  const byObject = new Map<string, Sample>();
  for (const sample of samples) {
    if (slices.isOver()) await slices.pause();
    const name = sample.labels[resourceLabel];
    const own = namespaceLabel === undefined ? undefined : sample.labels[namespaceLabel];
    if (name === undefined) leftOut.add('label_missing');
    else if ((own ?? namespace) !== namespace) leftOut.add('other_namespace');
    else if (!requested.has(name)) leftOut.add('other_object');
    else {
      if (byObject.has(name)) leftOut.add('several_for_one_object');
      byObject.set(name, sample);
    }
  }
  return byObject;
}

/** The values of the objects, and the objects without a value. Runs in time slices. */
async function valuesOf(
  request: CustomMetricRequest,
  { resource }: CustomMetric,
  names: readonly string[],
  samples: ReadonlyMap<string, Sample>,
  leftOut: LeftOutSamples,
): Promise<{ readonly values: readonly MetricValue[]; readonly missing: MissingObjects }> {
  const slices = createTimeSlices(SHORT_STEPS);
  const selector = request.metricSelector;
  const metric = {
    name: request.metric,
    selector: selector.length === 0 ? null : toLabelSelectorObject(selector),
  };
  const describe = describing(resource, request.namespace);
  const values: MetricValue[] = [];
  const missing: string[] = [];
  for (const name of names) {
    if (slices.isOver()) await slices.pause();
    const sample = samples.get(name);
    const value = sample && sampleQuantity(sample.value);
    if (sample !== undefined && value !== undefined) {
      values.push({ describedObject: describe(name), metric, timestamp: sample.timestamp, value });
      continue;
    }
    if (sample !== undefined) leftOut.add('infinite');
    if (missing.length < MOST_MISSING_NAMES) missing.push(name);
  }
  return { values, missing: { count: names.length - values.length, names: missing } };
}

/** The apiVersion of a core object is `/v1`, as in the reference adapter. */
function describing(
  { group, version, kind }: ClusterResource,
  namespace: string | undefined,
): (name: string) => DescribedObject {
  const apiVersion = `${group}/${version}`;
  return (name) => ({ kind, namespace, name, apiVersion });
}
