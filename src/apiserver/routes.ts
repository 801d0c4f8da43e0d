import { createApiObjects, type RoutedRequest } from './api-objects.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { type HealthEndpoints, healthAnswer, healthPaths } from './health.ts';
import { addressOf, createOpenApi, type OpenApiDocuments } from './openapi/openapi-documents.ts';
import type { ApiRegistration } from './registration/api-registration.ts';
import {
  type Answer,
  type AnswerForm,
  documentAnswer,
  jsonAnswer,
  textAnswer,
} from './representation/answer.ts';
import { accepts, isPretty, JSON_TYPE } from './representation/negotiation.ts';
import { methodNotAllowed, notAcceptable, resourceNotFound } from './status.ts';

export interface RouteDependencies<Context> {
  /** The APIs that are served now. */
  readonly apis: () => readonly ApiRegistration<Context>[];
  readonly health: HealthEndpoints;
  /** The metrics of this program, in the Prometheus text format. */
  readonly ownMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
}

/** Answers a request. Rejects with a StatusError, or with an unexpected error. */
export type Routes<Context> = (request: RoutedRequest<Context>) => Promise<Answer>;

/** Every path of the server. An unknown one is answered with the list of paths, as in Kubernetes. */
export function createRoutes<Context>(dependencies: RouteDependencies<Context>): Routes<Context> {
  const { apis, health } = dependencies;
  const openApi = createOpenApi();
  const openApiNow = (): OpenApiDocuments => openApi(apis());
  const serveApis = apisRoutes(apis, () => paths(apis(), health));
  return async (request) => {
    const { method, url, headers } = request;
    if (url.segments[0] === 'apis') return serveApis(request);
    const answer =
      healthAnswer(health, url.path, url.query) ??
      openApiAnswer(openApiNow, request) ??
      (await ownAnswer(dependencies, request));
    if (answer === undefined) {
      return jsonAnswer(404, { paths: paths(apis(), health) }, isPretty({ headers }, url.query));
    }
    if (!['GET', 'HEAD'].includes(method)) throw methodNotAllowed();
    return answer;
  };
}

async function ownAnswer<Context>(
  { apis, health, ownMetrics, version }: RouteDependencies<Context>,
  { url: { path, query }, headers }: RoutedRequest<Context>,
): Promise<Answer | undefined> {
  const pretty = isPretty({ headers }, query);
  switch (path) {
    case '/':
      return jsonAnswer(200, { paths: paths(apis(), health) }, pretty);
    case '/metrics': {
      const { contentType, body } = await ownMetrics();
      return textAnswer(200, contentType, body);
    }
    case '/version':
    case '/version/':
      return jsonAnswer(200, versionInfo(version), pretty);
    default:
      return undefined;
  }
}

/** A year, the longest useful max-age; in seconds. */
const FOREVER_SECONDS = 31_536_000;

/** `/openapi`: JSON only, which the API server requests. */
function openApiAnswer(
  documents: () => OpenApiDocuments,
  { url: { path, query }, headers }: RoutedRequest<unknown>,
): Answer | undefined {
  if (!path.startsWith('/openapi/')) return undefined;
  const name = path.replace(/^\/openapi\/v3(\/|$)/, '');
  const { v2, v3, v3Index } = documents();
  const isIndex = name === '';
  const document = path === '/openapi/v2' ? v2 : isIndex ? v3Index : v3.get(name);
  if (document === undefined) return undefined;
  if (!accepts(headers.accept, JSON_TYPE)) throw notAcceptable([JSON_TYPE]);

  const form: AnswerForm = { mediaType: JSON_TYPE, pretty: isPretty({ headers }, query) };
  const answer = documentAnswer(document, form, headers['if-none-match']);
  const hash = query.get('hash');
  if (hash === null || document === v2 || isIndex) return answer;
  const address = addressOf(name, document.etag);
  if (!address.endsWith(`?hash=${hash}`)) {
    return { ...textAnswer(301, 'text/plain; charset=utf-8', ''), headers: { Location: address } };
  }
  const cacheControl = `public, immutable, max-age=${FOREVER_SECONDS}`;
  return { ...answer, headers: { ...answer.headers, 'Cache-Control': cacheControl } };
}

/** `/apis`: discovery documents, and the objects of the APIs. */
function apisRoutes<Context>(
  apis: () => readonly ApiRegistration<Context>[],
  allPaths: () => readonly string[],
): Routes<Context> {
  const discoveryAnswer = createDiscovery();
  const apiObjectAnswer = createApiObjects<Context>();
  return async (request) => {
    const { method, url, headers } = request;
    const served = apis();
    const [, group, version, ...below] = url.segments;
    const api = served.find((each) => each.group.name === group);
    const pretty = isPretty({ headers }, url.query);
    if (group !== undefined && api === undefined) {
      return jsonAnswer(404, { paths: allPaths() }, pretty);
    }
    if (version !== undefined && !api?.group.versions.includes(version)) throw resourceNotFound();
    if (method !== 'GET') throw methodNotAllowed();
    if (api === undefined || version === undefined || below.length === 0) {
      return discoveryAnswer(served, api, version, headers, pretty);
    }
    return apiObjectAnswer(api, version, below, request, pretty);
  };
}

function paths(
  apis: readonly Pick<ApiRegistration<unknown>, 'group'>[],
  health: HealthEndpoints,
): readonly string[] {
  const served = apis.flatMap(({ group }) => [
    `/apis/${group.name}`,
    ...group.versions.map((version) => `/apis/${group.name}/${version}`),
  ]);
  return [
    '/apis',
    ...served,
    ...healthPaths(health),
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/version',
  ].sort();
}

/** `/version`: version.Info of k8s.io/apimachinery. Fields about Go and the build are empty. */
function versionInfo(version: string): object {
  const [major = '', minor = ''] = version.split('.');
  return {
    major,
    minor,
    gitVersion: `v${version}`,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch}`,
  };
}
