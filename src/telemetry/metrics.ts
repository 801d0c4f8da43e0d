import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type AnswerMetrics, answerMetrics } from './answer-metrics.ts';
import { type BackPressureMetrics, backPressureMetrics } from './back-pressure-metrics.ts';
import { createBoundedLabel, OTHER } from './bounded-label.ts';
import { type ConnectionMetrics, connectionMetrics } from './connection-metrics.ts';
import { type DiscoveryMetrics, discoveryMetrics } from './discovery-metrics.ts';
import { type FlowControlMetrics, flowControlMetrics } from './flow-control-metrics.ts';
import { type QueryMetrics, queryMetrics } from './query-metrics.ts';
import { type RuleMetrics, ruleMetrics } from './rule-metrics.ts';

/** The three APIs whose metrics are served. */
export type MetricsApi = 'custom' | 'external' | 'resource';

/** The endpoints of Prometheus that are asked. */
export type PrometheusEndpoint = 'query' | 'series' | 'labels' | 'label_values' | 'buildinfo';

/** How a request to Prometheus ended. */
export type PrometheusOutcome =
  | 'success'
  | 'unreachable'
  | 'timeout'
  | 'bad_query'
  | 'bad_answer'
  | 'unavailable'
  | 'too_large'
  | 'partial'
  | 'unauthorized'
  | 'canceled';

/** How a relist ended: every rule has a new result, some have, or none has. */
export type RelistOutcome = 'success' | 'partial' | 'failure';

const LEFT_OUT_REASONS = [
  'infinite',
  'label_missing',
  'other_namespace',
  'other_object',
  'several_for_one_object',
] as const;

/**
 * Why a sample was not used: it is plus or minus infinity, which a quantity cannot represent; it belongs
 * to no object or to one that was not requested; or another sample of its object is used.
 */
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

/** What said who asks. */
export type AuthenticationMethod =
  | 'front_proxy'
  | 'client_certificate'
  | 'token'
  | 'anonymous'
  /** Nothing that was shown was believed, or it could not be checked. */
  | 'none';

/** How finding out who asks ended. */
export type AuthenticationOutcome = 'success' | 'refused' | 'error';

/** How finding out whether they may ended. */
export type AuthorizationOutcome = 'allowed' | 'denied' | 'error';

/** What a request for the objects of a resource was answered from; `none` when it failed. */
export type ObjectsSource = 'index' | 'listing' | 'none';

/** A request to our API, once it is answered. */
export interface ApiRequest {
  /** Kubernetes' verb, e.g. `get` or `list`. */
  readonly verb: string;
  /** The API group; empty for paths outside of `/apis`, such as `/healthz`. */
  readonly group: string;
  /**
   * The resource, `resource.group` as in discovery, e.g. `pods` or `deployments.apps`; empty where
   * there is none. Names that clients make up do not become series: a resource counts by its name
   * only once a request for it has succeeded.
   */
  readonly resource: string;
  /** The HTTP status of the answer. */
  readonly code: number;
}

export interface BuildInformation {
  readonly version: string;
}

/**
 * What the adapter tells Prometheus about itself. Times are in seconds, moments in seconds since
 * 1970. Every other room sees the few methods that it needs.
 */
export interface AdapterMetrics
  extends QueryMetrics,
    BackPressureMetrics,
    ConnectionMetrics,
    DiscoveryMetrics,
    AnswerMetrics,
    RuleMetrics,
    FlowControlMetrics {
  /** The rules file was loaded, or refused. */
  configLoaded(successful: boolean): void;
  /** How many rules the configuration has. */
  rulesConfigured(api: MetricsApi, count: number): void;
  prometheusRequest(
    endpoint: PrometheusEndpoint,
    outcome: PrometheusOutcome,
    durationSeconds: number,
  ): void;
  relisted(outcome: RelistOutcome, durationSeconds: number): void;
  /** How many rules have no result of the last relist, and serve an older one or none. */
  rulesFailing(api: MetricsApi, count: number): void;
  /** How many metrics are served. */
  metricsServed(api: MetricsApi, count: number): void;
  samplesLeftOut(api: MetricsApi, reason: LeftOutReason, count: number): void;
  /** It was found out, or not, who sent a request to our API. */
  authenticated(method: AuthenticationMethod, outcome: AuthenticationOutcome): void;
  /** It was found out, or not, whether they may. */
  authorized(outcome: AuthorizationOutcome): void;
  /** An error that reached nobody was caught at the last moment: a fault of this program. */
  faultSurvived(): void;
  /** How many objects the index of a resource holds; undefined when there is none any more. */
  objectsIndexed(resource: string, count: number | undefined): void;
  /** A list for the index of a resource was read, or failed. */
  objectListRead(resource: string, outcome: string, durationSeconds: number): void;
  /** A watch for the index of a resource is over. */
  objectWatchEnded(resource: string, outcome: string): void;
  /** A watch told something: `ADDED`, `BOOKMARK` and so on. */
  objectEventReceived(resource: string, type: string): void;
  /** A request needed to know which objects of a resource there are. */
  objectsAsked(resource: string, source: ObjectsSource): void;
  /**
   * A request to our API has come.
   *
   * @returns to be called once, when it is answered or has been given up
   */
  apiRequestStarted(): (request: ApiRequest) => void;
  /** Everything in Prometheus's text format. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}

const PREFIX = 'prom_metrics_adapter_';
const MOST_RESOURCES = 100;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Gauges of prom-client that are named like counters; each is the sum of one with its parts. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/**
 * Creates the adapter's own metrics, in a registry of their own, together with those that
 * prom-client has about the process (`process_*`, `nodejs_*`).
 *
 * @param build what `build_info` tells
 * @param now the system's clock in milliseconds
 */
export function createMetrics(
  build: BuildInformation,
  now: () => number = Date.now,
): AdapterMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  recordBuild(registry, build);
  return {
    ...configMetrics(registry, now),
    ...prometheusMetrics(registry),
    ...queryMetrics(registry, PREFIX),
    ...backPressureMetrics(registry, PREFIX),
    ...connectionMetrics(registry, PREFIX),
    ...relistMetrics(registry, now),
    ...discoveryMetrics(registry, PREFIX),
    ...ruleMetrics(registry, PREFIX),
    ...answerMetrics(registry, PREFIX),
    ...servedMetrics(registry),
    ...accessMetrics(registry),
    ...objectMetrics(registry),
    ...apiMetrics(registry),
    ...flowControlMetrics(registry, PREFIX),
    ...faultMetrics(registry),
    render: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

function recordBuild(registry: Registry, { version }: BuildInformation): void {
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'The version of the program that runs; the value is always 1.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version, node_version: process.versions.node }, 1);
}

type ConfigMetrics = Pick<AdapterMetrics, 'configLoaded' | 'rulesConfigured'>;

function configMetrics(registry: Registry, now: () => number): ConfigMetrics {
  const successful = new Gauge({
    name: `${PREFIX}config_last_reload_successful`,
    help: 'Whether the rules file could be taken the last time it was loaded.',
    registers: [registry],
  });
  const timestamp = new Gauge({
    name: `${PREFIX}config_last_reload_success_timestamp_seconds`,
    help: 'When the rules file was last taken.',
    registers: [registry],
  });
  const rules = new Gauge({
    name: `${PREFIX}rules`,
    help: 'Rules of the configuration that is served.',
    labelNames: ['api'],
    registers: [registry],
  });
  return {
    configLoaded: (isSuccessful) => {
      successful.set(isSuccessful ? 1 : 0);
      if (isSuccessful) {
        timestamp.set(now() / 1000);
      }
    },
    rulesConfigured: (api, count) => rules.set({ api }, count),
  };
}

function prometheusMetrics(registry: Registry): Pick<AdapterMetrics, 'prometheusRequest'> {
  const requests = new Counter({
    name: `${PREFIX}prometheus_requests_total`,
    help: 'Requests to Prometheus, by how they ended.',
    labelNames: ['endpoint', 'outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: `${PREFIX}prometheus_request_duration_seconds`,
    help: 'How long requests to Prometheus took, failed ones included.',
    labelNames: ['endpoint'],
    buckets: SECONDS,
    registers: [registry],
  });
  return {
    prometheusRequest: (endpoint, outcome, seconds) => {
      requests.inc({ endpoint, outcome });
      duration.observe({ endpoint }, seconds);
    },
  };
}

type RelistMetrics = Pick<AdapterMetrics, 'relisted' | 'rulesFailing'>;

function relistMetrics(registry: Registry, now: () => number): RelistMetrics {
  const relists = new Counter({
    name: `${PREFIX}relists_total`,
    help: 'Relists of what there is in Prometheus, by how they ended.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: `${PREFIX}relist_duration_seconds`,
    help: 'How long relists took.',
    buckets: SECONDS,
    registers: [registry],
  });
  const timestamp = new Gauge({
    name: `${PREFIX}relist_last_timestamp_seconds`,
    help: 'When a relist last ended like this.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const failing = new Gauge({
    name: `${PREFIX}rules_failing`,
    help: 'Rules without a result of the last relist; the log names them.',
    labelNames: ['api'],
    registers: [registry],
  });
  for (const outcome of ['success', 'partial', 'failure']) {
    // A counter that begins to exist with its first increment hides that increment from rate().
    relists.inc({ outcome }, 0);
  }
  return {
    relisted: (outcome, seconds) => {
      relists.inc({ outcome });
      duration.observe(seconds);
      timestamp.set({ outcome }, now() / 1000);
    },
    rulesFailing: (api, count) => failing.set({ api }, count),
  };
}

type ServedMetrics = Pick<AdapterMetrics, 'metricsServed' | 'samplesLeftOut'>;

function servedMetrics(registry: Registry): ServedMetrics {
  const served = new Gauge({
    name: `${PREFIX}served_metrics`,
    help: 'Metrics that can be asked for, as discovery lists them.',
    labelNames: ['api'],
    registers: [registry],
  });
  const leftOut = new Counter({
    name: `${PREFIX}samples_left_out_total`,
    help: 'Samples returned by Prometheus that were not used, by reason.',
    labelNames: ['api', 'reason'],
    registers: [registry],
  });
  for (const api of ['custom', 'external', 'resource'] as const) {
    for (const reason of LEFT_OUT_REASONS) leftOut.inc({ api, reason }, 0);
  }
  return {
    metricsServed: (api, count) => served.set({ api }, count),
    samplesLeftOut: (api, reason, count) => leftOut.inc({ api, reason }, count),
  };
}

function faultMetrics(registry: Registry): Pick<AdapterMetrics, 'faultSurvived'> {
  const faults = new Counter({
    name: `${PREFIX}faults_total`,
    help: 'Errors that nothing in the program caught. Each is a fault of it; the log has them.',
    registers: [registry],
  });
  return { faultSurvived: () => faults.inc() };
}

type AccessMetrics = Pick<AdapterMetrics, 'authenticated' | 'authorized'>;

function accessMetrics(registry: Registry): AccessMetrics {
  const authentications = new Counter({
    name: `${PREFIX}authentications_total`,
    help: 'Requests to our API, by what said who asks and whether it was believed.',
    labelNames: ['method', 'outcome'],
    registers: [registry],
  });
  const authorizations = new Counter({
    name: `${PREFIX}authorizations_total`,
    help: 'Requests to our API, by whether who asks may do so.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of ['refused', 'error']) authentications.inc({ method: 'none', outcome }, 0);
  for (const outcome of ['allowed', 'denied', 'error']) authorizations.inc({ outcome }, 0);
  return {
    authenticated: (method, outcome) => authentications.inc({ method, outcome }),
    authorized: (outcome) => authorizations.inc({ outcome }),
  };
}

type ObjectMetrics = Pick<
  AdapterMetrics,
  'objectsIndexed' | 'objectListRead' | 'objectWatchEnded' | 'objectEventReceived' | 'objectsAsked'
>;

function objectMetrics(registry: Registry): ObjectMetrics {
  const indexed = new Gauge({
    name: `${PREFIX}object_index_objects`,
    help: 'Objects of the cluster that are kept in memory, for each resource that is.',
    labelNames: ['resource'],
    registers: [registry],
  });
  const lists = new Counter({
    name: `${PREFIX}object_index_lists_total`,
    help: 'Lists of all objects of a resource that were read to fill the index, by how they ended.',
    labelNames: ['resource', 'outcome'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: `${PREFIX}object_index_list_duration_seconds`,
    help: 'How long reading these lists took, failed ones included.',
    labelNames: ['resource'],
    buckets: SECONDS,
    registers: [registry],
  });
  const watches = new Counter({
    name: `${PREFIX}object_index_watches_ended_total`,
    help: 'Watches that feed the index, by how they ended; each is followed by another.',
    labelNames: ['resource', 'outcome'],
    registers: [registry],
  });
  const events = new Counter({
    name: `${PREFIX}object_index_events_total`,
    help: 'Events of the watches that feed the index.',
    labelNames: ['resource', 'type'],
    registers: [registry],
  });
  const asked = new Counter({
    name: `${PREFIX}object_requests_total`,
    help: 'How often it was asked which objects there are, and what that was answered from.',
    labelNames: ['resource', 'source'],
    registers: [registry],
  });
  const bounded = createBoundedLabel(MOST_RESOURCES);
  // These are resources that the cluster has, not what clients make up.
  const label = (resource: string): string => bounded(resource, true);
  return {
    objectsIndexed: (resource, count) => {
      if (count === undefined) indexed.remove({ resource: label(resource) });
      else indexed.set({ resource: label(resource) }, count);
    },
    objectListRead: (resource, outcome, seconds) => {
      lists.inc({ resource: label(resource), outcome });
      duration.observe({ resource: label(resource) }, seconds);
    },
    objectWatchEnded: (resource, outcome) => watches.inc({ resource: label(resource), outcome }),
    objectEventReceived: (resource, type) => events.inc({ resource: label(resource), type }),
    objectsAsked: (resource, source) => asked.inc({ resource: label(resource), source }),
  };
}

const VERBS: ReadonlySet<string> = new Set([
  'get',
  'list',
  'watch',
  'post',
  'put',
  'delete',
  'head',
]);
const GROUPS: ReadonlySet<string> = new Set([
  '',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'metrics.k8s.io',
]);

function apiMetrics(registry: Registry): Pick<AdapterMetrics, 'apiRequestStarted'> {
  const requests = new Counter({
    name: `${PREFIX}api_requests_total`,
    help: 'Requests to our API that were answered.',
    labelNames: ['verb', 'group', 'resource', 'code'],
    registers: [registry],
  });
  const duration = new Histogram({
    name: `${PREFIX}api_request_duration_seconds`,
    help: 'How long it took to answer requests to our API.',
    labelNames: ['verb', 'group', 'resource'],
    buckets: SECONDS,
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: `${PREFIX}api_requests_in_flight`,
    help: 'Requests to our API that are being answered.',
    registers: [registry],
  });
  const boundedResource = createBoundedLabel(MOST_RESOURCES);
  // The API takes upper case for lower case: one resource must not fill the label with its spellings.
  const resourceLabel = ({ resource, code }: ApiRequest): string =>
    resource && boundedResource(resource.toLowerCase(), isSuccess(code));
  return {
    apiRequestStarted: () => {
      const startedAt = performance.now();
      inFlight.inc();
      let isOver = false;
      return (request) => {
        if (isOver) {
          return;
        }
        isOver = true;
        const labels = {
          verb: VERBS.has(request.verb) ? request.verb : OTHER,
          group: GROUPS.has(request.group) ? request.group : OTHER,
          resource: resourceLabel(request),
        };
        inFlight.dec();
        requests.inc({ ...labels, code: codeLabel(request.code) });
        duration.observe(labels, (performance.now() - startedAt) / 1000);
      };
    },
  };
}

function isSuccess(code: number): boolean {
  return code >= 200 && code < 300;
}

function codeLabel(code: number): string {
  return Number.isInteger(code) && code >= 100 && code <= 599 ? String(code) : OTHER;
}
