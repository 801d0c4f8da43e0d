import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { customMetricsApi } from '../../src/apis/custom/registration.ts';
import { externalMetricsApi } from '../../src/apis/external/registration.ts';
import type { MetricsContext } from '../../src/apis/metrics-api.ts';
import { type AnsweredRequest, type AppDependencies, createApp } from '../../src/apiserver/app.ts';
import { anonymousAccess } from '../../src/apiserver/authorization/request-access.ts';
import type { CloseReason } from '../../src/apiserver/connections/close-reason.ts';
import type { ConnectionLimits } from '../../src/apiserver/connections/connections.ts';
import { createSinglePool } from '../../src/apiserver/flow-control/request-pools.ts';
import { type Server, type ServerOptions, startServer } from '../../src/apiserver/http/server.ts';
import type { ApiRegistration } from '../../src/apiserver/registration/api-registration.ts';
import { createTimeSlices } from '../../src/async/time-slices.ts';
import { type Catalog, createCatalogDraft, finishCatalog } from '../../src/catalog/catalog.ts';
import type { CustomMetrics, MetricValue } from '../../src/metrics/custom.ts';
import type { ExternalMetrics, ExternalMetricValue } from '../../src/metrics/external.ts';
import { wideLimits } from '../fixtures/connections.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { createAuthority, createServerCertificate } from './certificates.ts';

/** What a client has got. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** The HTTP side of the adapter, over services that give plain values. */
export interface ApiserverHost extends Server {
  readonly ca: string;
  /** The reports of all requests that have ended. */
  readonly answered: readonly AnsweredRequest[];
  /** Why the server closed connections. */
  readonly closed: readonly CloseReason[];
  /** By HTTP/1.1, on a connection of its own. */
  send(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: Buffer,
  ): Promise<Received>;
  /** An HTTP/2 connection. */
  connect(): ClientHttp2Session;
}

export interface HostSettings
  extends Partial<Pick<AppDependencies<MetricsContext>, 'access' | 'pools' | 'isShuttingDown'>> {
  /** How many requests are served at the same time, and for how long each at most. */
  readonly limits?: { readonly inFlight: number; readonly timeout: number };
  readonly external?: ExternalMetrics['get'];
  readonly custom?: CustomMetrics['get'];
  readonly catalog?: () => Catalog;
  /** Served besides the metrics APIs. */
  readonly otherApis?: readonly ApiRegistration<MetricsContext>[];
  /** Default: offered, with 250 streams. */
  readonly http2?: ServerOptions['http2'];
  /** Default: {@link wideLimits}. */
  readonly connections?: Partial<ConnectionLimits>;
  readonly failing?: string;
  readonly namedCertificates?: ServerOptions['namedCertificates'];
}

export const customPath = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-0/load';
export const externalPath = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/depth';

/** A value as the service for custom metrics gives it. */
export const podLoad: MetricValue = {
  describedObject: { kind: 'Pod', namespace: 'shop', name: 'web-0', apiVersion: '/v1' },
  metric: { name: 'load', selector: null },
  timestamp: 1_700_000_000,
  value: '500m',
};

/** A value as the service for external metrics gives it. */
export const queueDepth: ExternalMetricValue = {
  metricName: 'depth',
  metricLabels: { queue: 'on', note: 'grün' },
  timestamp: 1_700_000_000,
  value: '12',
};

/** A catalog with a custom metric of pods and an external one for each name. */
export function catalogOf(
  custom: readonly string[],
  external: readonly string[],
): Promise<Catalog> {
  const rule = compiledRule({ seriesQuery: 'load' });
  const resource = {
    group: '',
    version: 'v1',
    resource: 'pods',
    singular: 'pod',
    kind: 'Pod',
    namespaced: true,
  };
  const draft = createCatalogDraft();
  for (const name of custom) {
    const labels = { resourceLabel: 'pod', namespaceLabel: 'namespace' };
    draft.addCustom({ name, resource, rule, series: name, ...labels });
  }
  for (const name of external) {
    draft.addExternal({ name, rule, series: name, namespaceLabel: 'namespace' });
  }
  return finishCatalog(draft, createTimeSlices());
}

/** For pools whose metrics are not read. */
export const noEvents = { onChange: () => undefined, onRejected: () => undefined };

/** Serves on 127.0.0.1. */
export async function startApiserver(settings: HostSettings = {}): Promise<ApiserverHost> {
  const ca = await createAuthority('serving');
  const standing = await catalogOf(['load'], ['depth']);
  const catalog = settings.catalog ?? (() => standing);
  const apis = [
    customMetricsApi(catalog, { get: settings.custom ?? (async () => [podLoad]) }),
    externalMetricsApi(catalog, { get: settings.external ?? (async () => [queueDepth]) }),
    ...(settings.otherApis ?? []),
  ];
  const limits = settings.limits ?? { inFlight: 400, timeout: 60_000 };
  const answered: AnsweredRequest[] = [];
  const closed: CloseReason[] = [];
  const app = createApp({
    apis: () => apis,
    access: settings.access ?? anonymousAccess,
    liveness: [{ name: 'ping', check: () => undefined }],
    readiness: [{ name: 'relist', check: () => settings.failing }],
    ownMetrics: async () => ({ contentType: 'text/plain', body: 'up 1\n' }),
    version: '1.2.3',
    pools: settings.pools ?? createSinglePool(limits.inFlight, noEvents),
    requestTimeoutMs: limits.timeout,
    isShuttingDown: settings.isShuttingDown ?? (() => false),
    onRequest: () => ({
      context: { onQuery: () => () => undefined },
      onAnswered: (request) => void answered.push(request),
    }),
  });
  const server = await startServer(app, {
    host: '127.0.0.1',
    port: 0,
    reusePort: false,
    certificate: await createServerCertificate(ca),
    namedCertificates: settings.namedCertificates ?? [],
    onError: (error) => {
      throw error;
    },
    tls: { minVersion: 'TLSv1.2' },
    http2: 'http2' in settings ? settings.http2 : { maxStreams: 250 },
    limits: { ...wideLimits, ...settings.connections },
    observer: {
      onCount: () => undefined,
      onClosed: (reason) => void closed.push(reason),
    },
  });
  const { port } = server;
  return {
    ...server,
    ca: ca.cert,
    answered,
    closed,
    send: (method, path, headers = {}, body = undefined) =>
      sendHttp1({ ca: ca.cert, port, method, path, headers }, body),
    connect: () => connect(`https://127.0.0.1:${port}`, { ca: ca.cert }),
  };
}

/** The same, until the end of the test that calls it. */
export async function startForTest(settings: HostSettings = {}): Promise<ApiserverHost> {
  const host = await startApiserver(settings);
  onTestFinished(() => host.close(0));
  return host;
}

interface Http1Request {
  readonly ca: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function sendHttp1(options: Http1Request, body: Buffer | undefined): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      { host: '127.0.0.1', agent: false, ...options },
      (response) =>
        void buffer(response).then(
          (bytes) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
          reject,
        ),
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A GET on an HTTP/2 connection. */
export function getHttp2(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Received> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ [constants.HTTP2_HEADER_PATH]: path, ...headers });
    let received: Omit<Received, 'body'> = { status: 0, headers: {} };
    stream.once('response', (fields) => {
      const { ':status': status = 0, ...rest } = fields;
      received = { status, headers: Object.fromEntries(Object.entries(rest)) };
    });
    buffer(stream).then((body) => resolve({ ...received, body }), reject);
  });
}
