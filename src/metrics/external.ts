import type { LabelSelector } from '../apimachinery/label-selector.ts';
import { isDnsLabel } from '../apimachinery/object-name.ts';
import { createTimeSlices, SHORT_STEPS } from '../async/time-slices.ts';
import type { Catalog, ExternalMetric } from '../catalog/catalog.ts';
import type { Caller, QueryAnswer, QueryOrigin, QueryRunner } from '../prometheus/query.ts';
import type { PrometheusServers } from '../prometheus/servers.ts';
import { QueryError, type QueryRequest, UnsupportedRequirementError } from '../rules/query.ts';
import { createLeftOutSamples, type LeftOutSamples, type OnAnswer } from './answer-summary.ts';
import { MetricsError, metricNotFound } from './metrics-error.ts';
import { runQuery } from './run-query.ts';
import { sampleQuantity } from './sample-value.ts';

/** A request to external.metrics.k8s.io. */
export interface ExternalMetricRequest extends Caller {
  readonly namespace: string;
  readonly metric: string;
  /** On the labels of the metric. */
  readonly selector: LabelSelector;
}

export interface ExternalMetricValue {
  readonly metricName: string;
  /** Null for a query that returns a scalar. */
  readonly metricLabels: Readonly<Record<string, string>> | null;
  /** The evaluation time in seconds since the epoch. */
  readonly timestamp: number;
  /** A quantity. */
  readonly value: string;
}

export interface ExternalMetrics {
  /**
   * All samples of the metric, in the order of Prometheus. An array, unless the response is large: then the
   * values are created during iteration.
   *
   * @throws MetricsError
   */
  get(request: ExternalMetricRequest): Promise<Iterable<ExternalMetricValue>>;
}

export interface ExternalMetricsDependencies {
  readonly catalog: () => Catalog;
  readonly servers: PrometheusServers<QueryRunner>;
  readonly onAnswer: OnAnswer;
}

export function createExternalMetrics(dependencies: ExternalMetricsDependencies): ExternalMetrics {
  return {
    async get(request) {
      const metric = lookUp(dependencies.catalog(), request);
      const origin = { rule: metric.rule, request: queryRequest(request, metric) };
      const query = queryFor(origin);
      const answer = await runQuery(
        dependencies.servers,
        metric.rule.prometheus,
        query,
        request,
        origin,
      );
      const leftOut = createLeftOutSamples();
      const samples = samplesOf(answer, query);
      const values = await valuesOf(request.metric, samples, leftOut);
      dependencies.onAnswer({
        api: 'external',
        metric: request.metric,
        namespace: request.namespace,
        queries: [query],
        samples: samples.length,
        leftOut: leftOut.counts,
      });
      return values;
    },
  };
}

function lookUp(
  catalog: Catalog,
  { metric: name, namespace }: ExternalMetricRequest,
): ExternalMetric {
  const found = catalog.external(name);
  // An empty namespace must not become a query over all namespaces, and an invalid name must not become part
  // of a query. If the query does not use it, it can be any text, e.g. `*`.
  const isPossible = found?.namespaceLabel === undefined ? namespace !== '' : isDnsLabel(namespace);
  const metric = isPossible ? found : undefined;
  // The message of the reference adapter has "for namespaces" in one namespace only.
  if (metric === undefined) throw metricNotFound(name, namespace === 'default' ? 'namespaces' : '');
  return metric;
}

function queryRequest(
  { namespace, selector }: ExternalMetricRequest,
  { series, namespaceLabel }: ExternalMetric,
): QueryRequest {
  return {
    series,
    selector,
    ...(namespaceLabel !== undefined && { namespace: { label: namespaceLabel, value: namespace } }),
    groupBy: [],
  };
}

function queryFor({ rule, request }: QueryOrigin): string {
  try {
    return rule.query.for(request);
  } catch (cause) {
    if (cause instanceof UnsupportedRequirementError) {
      throw new MetricsError('BadRequest', `labelSelector: ${cause.message}`);
    }
    if (cause instanceof QueryError) {
      throw new MetricsError('InternalError', 'unable to fetch metrics', { cause });
    }
    throw cause;
  }
}

/** Infinite samples are counted first, so that the count is known before the iteration. */
async function valuesOf(
  metricName: string,
  samples: LabelledValues,
  leftOut: LeftOutSamples,
): Promise<Iterable<ExternalMetricValue>> {
  const slices = createTimeSlices(SHORT_STEPS);
  for (const { value } of samples) {
    if (slices.isOver()) await slices.pause();
    if (sampleQuantity(value) === undefined) leftOut.add('infinite');
  }
  const values = new ExternalValues(metricName, samples);
  return Array.isArray(samples) ? [...values] : values;
}

/** The values of samples, created at each iteration. */
class ExternalValues implements Iterable<ExternalMetricValue> {
  readonly #metricName: string;
  readonly #samples: Iterable<LabelledValue>;

  constructor(metricName: string, samples: Iterable<LabelledValue>) {
    this.#metricName = metricName;
    this.#samples = samples;
  }

  *[Symbol.iterator](): Generator<ExternalMetricValue> {
    const metricName = this.#metricName;
    for (const { labels, value, timestamp } of this.#samples) {
      const quantity = sampleQuantity(value);
      if (quantity !== undefined) {
        yield { metricName, metricLabels: labels, timestamp, value: quantity };
      }
    }
  }
}

interface LabelledValue {
  readonly labels: Readonly<Record<string, string>> | null;
  readonly value: number;
  readonly timestamp: number;
}

interface LabelledValues extends Iterable<LabelledValue> {
  readonly length: number;
}

function samplesOf(answer: QueryAnswer, query: string): LabelledValues {
  switch (answer.type) {
    case 'vector':
      return answer.samples;
    case 'scalar':
      return [{ labels: null, value: answer.value, timestamp: answer.timestamp }];
    default:
      throw new MetricsError('InternalError', 'unable to fetch metrics', {
        cause: new Error(
          `the query returned a ${answer.type}, expected a vector or a scalar: ${query}`,
        ),
      });
  }
}
