import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

/** The labels of a metric: all values of each, or {@link ANY_VALUE}. */
export type LabelValues = Readonly<Record<string, readonly string[]>>;

/** A label with values that are not known in advance. */
export const ANY_VALUE: readonly string[] = [];

/** Values for the labels `Labels` of a sample. A value that is not listed does not compile. */
export type SampleLabels<Labels extends LabelValues> = {
  readonly [Label in keyof Labels]: Labels[Label][number];
};

export interface MetricOptions {
  /** Without the prefix `prom_metrics_adapter_`. */
  readonly name: string;
  readonly help: string;
}

export interface LabelledOptions<Labels extends LabelValues> extends MetricOptions {
  readonly labels: Labels;
}

export interface Counter {
  inc(count?: number): void;
}

/** Every combination of label values starts at 0, if all values are known in advance. */
export interface LabelledCounter<Labels extends LabelValues> {
  inc(labels: SampleLabels<Labels>, count?: number): void;
}

export interface Gauge {
  inc(): void;
  dec(): void;
  set(value: number): void;
}

export interface LabelledGauge<Labels extends LabelValues> {
  inc(labels: SampleLabels<Labels>, count: number): void;
  set(labels: SampleLabels<Labels>, value: number): void;
  remove(labels: SampleLabels<Labels>): void;
  /** Removes all samples. */
  reset(): void;
}

export interface Histogram {
  observe(value: number): void;
}

export interface LabelledHistogram<Labels extends LabelValues> {
  observe(labels: SampleLabels<Labels>, value: number): void;
}

/** Creates the adapter's own metrics, and renders them in Prometheus' text format. */
export interface MetricsRegistry {
  counter(options: MetricOptions): Counter;
  counter<const Labels extends LabelValues>(
    options: LabelledOptions<Labels>,
  ): LabelledCounter<Labels>;
  gauge(options: MetricOptions): Gauge;
  gauge<const Labels extends LabelValues>(options: LabelledOptions<Labels>): LabelledGauge<Labels>;
  /** A gauge whose value is read when the metrics are rendered. */
  collectedGauge(options: MetricOptions, read: () => number): void;
  /** Buckets in seconds. */
  histogram(options: HistogramOptions): Histogram;
  histogram<const Labels extends LabelValues>(
    options: HistogramOptions & LabelledOptions<Labels>,
  ): LabelledHistogram<Labels>;
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface HistogramOptions extends MetricOptions {
  /** Default: 5 ms to 60 s. */
  readonly buckets?: readonly number[];
}

type AnyOptions = MetricOptions & { readonly labels?: LabelValues };

const PREFIX = 'prom_metrics_adapter_';
const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Gauges of prom-client with names of counters. Each is the sum of a metric without `_total`. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/**
 * A registry with the metrics of prom-client about the process (`process_*`, `nodejs_*`) and
 * `build_info`.
 *
 * @param version of the adapter
 */
export function createMetricsRegistry(version: string): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);

  const definition = ({ name, help, labels = {} }: AnyOptions) => ({
    name: `${PREFIX}${name}`,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
  });

  function counter(options: MetricOptions): Counter;
  function counter<const Labels extends LabelValues>(
    options: LabelledOptions<Labels>,
  ): LabelledCounter<Labels>;
  function counter(options: AnyOptions): PromCounter {
    const metric = new PromCounter(definition(options));
    // A counter that first appears with its first increment hides that increment from rate().
    for (const labels of combinations(options.labels ?? {})) metric.inc(labels, 0);
    return metric;
  }

  function gauge(options: MetricOptions): Gauge;
  function gauge<const Labels extends LabelValues>(
    options: LabelledOptions<Labels>,
  ): LabelledGauge<Labels>;
  function gauge(options: AnyOptions): PromGauge {
    return new PromGauge(definition(options));
  }

  function histogram(options: HistogramOptions): Histogram;
  function histogram<const Labels extends LabelValues>(
    options: HistogramOptions & LabelledOptions<Labels>,
  ): LabelledHistogram<Labels>;
  function histogram(options: AnyOptions & HistogramOptions): PromHistogram {
    const { buckets = DEFAULT_BUCKETS } = options;
    return new PromHistogram({ ...definition(options), buckets: [...buckets] });
  }

  gauge({
    name: 'build_info',
    help: 'The version of the adapter and of Node.js; the value is always 1.',
    labels: { version: [version], node_version: [process.versions.node] },
  }).set({ version, node_version: process.versions.node }, 1);

  return {
    counter,
    gauge,
    histogram,
    collectedGauge(options, read) {
      new PromGauge({
        ...definition(options),
        collect() {
          this.set(read());
        },
      });
    },
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** All combinations of label values; none if a label can have any value. */
function combinations(labels: LabelValues): readonly Readonly<Record<string, string>>[] {
  let found: readonly Readonly<Record<string, string>>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    found = found.flatMap((others) => values.map((value) => ({ ...others, [label]: value })));
  }
  return found;
}
