import pLimit from 'p-limit';
import type { OnQuery } from '../prometheus/sharing/query-runner.ts';
import {
  aggregatedConversions,
  convertedMediaType,
  createAggregatedDiscovery,
} from './discovery/aggregated-discovery.ts';
import { apiGroup, apiGroupList } from './discovery/discovery.ts';
import { versionInfo } from './discovery/version-info.ts';
import { type HealthEndpoints, healthAnswer, healthPaths } from './health.ts';
import { readsGzip } from './http/compression.ts';
import type { HttpExchange } from './http/http-exchange.ts';
import type { RequestUrl } from './http/request-url.ts';
import type { MetricsApi } from './metrics-api.ts';
import { addressOf, createOpenApi, type OpenApiDocuments } from './openapi/openapi-documents.ts';
import {
  type Answer,
  type AnswerForm,
  documentAnswer,
  jsonAnswer,
  listAnswer,
  objectAnswer,
  textAnswer,
} from './representation/answer.ts';
import { createDocument, type Document } from './representation/document.ts';
import {
  accepts,
  discoveryOffer,
  JSON_TYPE,
  type Negotiated,
  negotiate,
  type Offer,
} from './representation/negotiation.ts';
import { isPretty } from './representation/pretty-print.ts';
import { methodNotAllowed, notAcceptable, resourceNotFound } from './status.ts';

export interface RouteDependencies {
  /** The APIs that are served now. */
  readonly apis: () => readonly MetricsApi[];
  readonly health: HealthEndpoints;
  /** The adapter's own metrics, in Prometheus's text format. */
  readonly ownMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
}

/** A request whose sender may have what it asks for. */
export interface RoutedRequest {
  readonly method: string;
  readonly url: RequestUrl;
  readonly headers: HttpExchange['headers'];
  readonly signal: AbortSignal;
  /** What counts as one client; undefined where that is not known. */
  readonly flow: string | undefined;
  readonly onQuery: OnQuery;
  /** Counts memory that the request holds, in bytes. Returns the function that releases it. */
  readonly holdMemory: (bytes: number) => () => void;
}

/** Finds the answer to a request. Rejects with what `statusOf` understands. */
export type Routes = (request: RoutedRequest) => Promise<Answer>;

/** Every path of the server; an unknown one is answered with the list of them, as Kubernetes does. */
export function createRoutes(dependencies: RouteDependencies): Routes {
  const { apis, health } = dependencies;
  const openApi = createOpenApi();
  const openApiNow = (): OpenApiDocuments => openApi(apis().map(({ group }) => group));
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

async function ownAnswer(
  { apis, health, ownMetrics, version }: RouteDependencies,
  { url: { path, query }, headers }: RoutedRequest,
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

/** A year, as long as HTTP allows; in seconds. */
const FOREVER = 31_536_000;

/** `/openapi`: JSON only, which is what the API server asks for. */
function openApiAnswer(
  documents: () => OpenApiDocuments,
  { url: { path, query }, headers }: RoutedRequest,
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
  const cacheControl = `public, immutable, max-age=${FOREVER}`;
  return { ...answer, headers: { ...answer.headers, 'Cache-Control': cacheControl } };
}

/** `/apis`: discovery and metrics. */
function apisRoutes(apis: () => readonly MetricsApi[], allPaths: () => readonly string[]): Routes {
  const aggregated = createAggregatedDiscovery();
  const listed = documentsOf();
  const oneAtATime = pLimit(1);
  return async ({ method, url, headers, signal, flow, onQuery, holdMemory }) => {
    const served = apis();
    const { segments, query } = url;
    const [, groupName, version, ...rest] = segments;
    const pretty = isPretty({ headers }, query);
    const api = served.find(({ group }) => group.name === groupName);
    if (groupName !== undefined && api === undefined) {
      return jsonAnswer(404, { paths: allPaths() }, pretty);
    }
    if (version !== undefined && !api?.group.versions.includes(version)) throw resourceNotFound();
    if (method !== 'GET') throw methodNotAllowed();

    const form = (offer: Offer): Negotiated & AnswerForm => {
      const { mediaType, conversion } = negotiate(headers.accept, offer);
      return { mediaType, conversion, pretty };
    };
    if (api === undefined) {
      const { conversion, ...rest } = form({
        ...discoveryOffer,
        conversions: aggregatedConversions,
      });
      if (conversion === undefined) {
        return objectAnswer(200, apiGroupList(served.map(({ group }) => group)), rest);
      }
      const document = aggregated(conversion.version, served);
      const answer = documentAnswer(document, rest, headers['if-none-match']);
      return { ...answer, contentType: convertedMediaType(rest.mediaType, conversion) };
    }
    if (version === undefined) return objectAnswer(200, apiGroup(api.group), form(discoveryOffer));
    if (rest.length === 0) {
      const document = listed(api.resources(version));
      return documentAnswer(document, form(discoveryOffer), headers['if-none-match']);
    }
    const metricsForm = form(api.offer);
    const { conversion } = metricsForm;
    const request = { version, segments: rest, query, conversion, signal, flow, onQuery };
    const object = await api.get(request);
    const isCompressed = readsGzip(headers['accept-encoding']);
    return listAnswer(object, metricsForm, { isCompressed, oneAtATime, signal, holdMemory });
  };
}

/** The documents of objects that stay the same, made once for each. */
function documentsOf(): (object: object) => Document {
  const documents = new WeakMap<object, Document>();
  return (object) => {
    const document = documents.get(object) ?? createDocument(object);
    documents.set(object, document);
    return document;
  };
}

function paths(apis: readonly MetricsApi[], health: HealthEndpoints): readonly string[] {
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
