import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRequestUrl, requestInfo } from '../apiserver/http/request-info.ts';
import type { ApiRegistration } from '../apiserver/registration/api-registration.ts';
import { resourceNotFound, StatusError } from '../apiserver/status.ts';
import { emptyCatalog } from '../catalog/catalog.ts';
import type { CustomMetricRequest } from '../metrics/custom.ts';
import type { ExternalMetricRequest } from '../metrics/external.ts';
import type { ResourceMetrics } from '../metrics/resource.ts';
import { customMetricsApi } from './custom/registration.ts';
import { externalMetricsApi } from './external/registration.ts';
import type { MetricsContext } from './metrics-api.ts';
import { resourceMetricsApi } from './resource/registration.ts';

/** Segments that could be confused with others, and their encoded forms. */
const segment = fc.oneof(
  fc.constantFrom('namespaces', 'shop', 'bank', 'pods', 'nodes', 'metrics', 'load', 'web-0'),
  fc.constantFrom('', '*', '%2A', '.', '..', '%2F', 'shop%2Fpods', '%2e%2e', 'namespace', 'PODS'),
);
const anyPath = fc.array(segment, { maxLength: 7 });
/** Those that are served, with anything in their places. */
const servedPath = fc.oneof(
  fc.tuple(fc.constant('namespaces'), segment, segment, segment, segment),
  fc.tuple(fc.constant('namespaces'), segment, fc.constantFrom('metrics', 'pods'), segment),
  fc.tuple(fc.constant('namespaces'), segment, fc.constantFrom('load', 'pods')),
  fc.tuple(fc.constantFrom('nodes', 'pods'), segment, segment),
  fc.tuple(fc.constantFrom('nodes', 'pods'), segment),
  fc.tuple(fc.constantFrom('nodes', 'pods')),
);
const pathBelow = fc.oneof(anyPath, servedPath).map((parts) => parts.join('/'));

/** Requests a path of an API, as the routes do. @returns the attributes that are authorized */
async function requestInfoOf(api: ApiRegistration<MetricsContext>, version: string, below: string) {
  const url = parseRequestUrl(`/apis/${api.group.name}/${version}/${below}`);
  const segments = url.segments.slice(3);
  const request = {
    version,
    segments,
    query: url.query,
    signal: new AbortController().signal,
    flow: undefined,
    context: { onQuery: () => () => undefined },
  };
  if (segments.length > 0) {
    await api.get(request).catch((error: unknown) => expect(error).toBeInstanceOf(StatusError));
  }
  const info = requestInfo('GET', url);
  return info.isResource ? info : undefined;
}

/**
 * Requests many paths, and compares how each is authorized with the request that its API receives.
 *
 * @param received the requests that the API receives
 * @returns the number of paths for which the API received a request
 */
async function eachServed<Request>(
  api: ApiRegistration<MetricsContext>,
  version: string,
  received: Request[],
  check: (info: Awaited<ReturnType<typeof requestInfoOf>>, request: Request) => void,
): Promise<number> {
  let served = 0;
  await fc.assert(
    fc.asyncProperty(pathBelow, async (below) => {
      received.length = 0;
      const info = await requestInfoOf(api, version, below);
      const [request] = received;
      if (request === undefined) return;
      served += 1;
      check(info, request);
    }),
    { numRuns: 2000 },
  );
  return served;
}

describe('the authorized resource is the served one', () => {
  it('of custom.metrics.k8s.io', async () => {
    const received: CustomMetricRequest[] = [];
    const get = async (request: CustomMetricRequest) => {
      received.push(request);
      return [];
    };
    const api = customMetricsApi(() => emptyCatalog, { get });
    const served = await eachServed(api, 'v1beta2', received, (info, request) => {
      const { resource, namespace = '', name = '', metric } = request;
      // An empty name means all objects, as a star does.
      const nameOf = (authorized: string | undefined) =>
        authorized === '*' ? '' : (authorized ?? 'nothing');
      // A metric of a namespace is authorized in it, as an object of the kind "metrics".
      if (info?.resource === 'metrics' && resource === 'namespaces') {
        expect(nameOf(info.namespace)).toBe(name);
        expect(info).toMatchObject({ name: metric, subresource: '' });
      } else {
        expect(nameOf(info?.name)).toBe(name);
        expect(info).toMatchObject({ namespace, resource, subresource: metric });
      }
    });
    expect(served).toBeGreaterThan(100);
  });

  it('of external.metrics.k8s.io', async () => {
    const received: ExternalMetricRequest[] = [];
    const get = async (request: ExternalMetricRequest) => {
      received.push(request);
      return [];
    };
    const api = externalMetricsApi(() => emptyCatalog, { get });
    const served = await eachServed(api, 'v1beta1', received, (info, request) => {
      const { namespace, metric: resource } = request;
      expect(info).toMatchObject({ verb: 'list', namespace, resource, name: '' });
    });
    expect(served).toBeGreaterThan(50);
  });

  it('of metrics.k8s.io', async () => {
    const received: object[] = [];
    const none = async () => [];
    // An empty name is no object's, and is authorized as a list.
    const verbFor = (name: string) => (name === '' ? 'list' : 'get');
    const metrics: ResourceMetrics = {
      async pod({ namespace, name }) {
        received.push({ verb: verbFor(name), resource: 'pods', namespace, name });
        throw resourceNotFound();
      },
      async node({ name }) {
        received.push({ verb: verbFor(name), resource: 'nodes', namespace: '', name });
        throw resourceNotFound();
      },
      pods({ namespace = '' }) {
        received.push({ verb: 'list', resource: 'pods', namespace, name: '' });
        return none();
      },
      nodes() {
        received.push({ verb: 'list', resource: 'nodes', namespace: '', name: '' });
        return none();
      },
    };
    const api = resourceMetricsApi(metrics, () => 0);
    const served = await eachServed(api, 'v1beta1', received, (info, request) => {
      expect(info).toMatchObject({ ...request, subresource: '' });
    });
    expect(served).toBeGreaterThan(50);
  });
});
