import pLimit from 'p-limit';
import {
  aggregatedConversions,
  convertedMediaType,
  createAggregatedDiscovery,
} from './discovery/aggregated-discovery.ts';
import { apiGroup, apiGroupList, createResourceLists } from './discovery/discovery.ts';
import { type HealthEndpoints, healthAnswer, healthPaths } from './health.ts';
import { acceptsGzip } from './http/compression.ts';
import type { HttpExchange } from './http/http-exchange.ts';
import type { RequestUrl } from './http/request-url.ts';
import { addressOf, createOpenApi, type OpenApiDocuments } from './openapi/openapi-documents.ts';
import { type ApiMessages, apiMessages, serverMessages } from './protobuf/api-messages.ts';
import type { ApiRegistration, ApiRequest } from './registration/api-registration.ts';
import {
  type Answer,
  type AnswerForm,
  documentAnswer,
  jsonAnswer,
  listAnswer,
  objectAnswer,
  textAnswer,
} from './representation/answer.ts';
import {
  accepts,
  type Conversion,
  discoveryOffer,
  isPretty,
  JSON_TYPE,
  type Negotiated,
  negotiate,
  type Offer,
} from './representation/negotiation.ts';
import { TableAnswer, tableConversions } from './representation/table.ts';
import { ApiError, methodNotAllowed, notAcceptable, resourceNotFound } from './status.ts';

export interface RouteDependencies<Context> {
  /** The APIs that are served now. */
  readonly apis: () => readonly ApiRegistration<Context>[];
  readonly health: HealthEndpoints;
  /** The metrics of this program, in the Prometheus text format. */
  readonly ownMetrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly version: string;
}

/** A request that its user is allowed to make. */
export interface RoutedRequest<Context> {
  readonly method: string;
  readonly url: RequestUrl;
  readonly headers: HttpExchange['headers'];
  readonly signal: AbortSignal;
  /** What counts as one client; undefined if users are not authenticated. */
  readonly flow: string | undefined;
  /** For the API that serves the request. */
  readonly context: Context;
  /** Counts memory that the request holds, in bytes. Returns the function that releases it. */
  readonly holdMemory: (bytes: number) => () => void;
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
  const aggregated = createAggregatedDiscovery();
  const resourceList = createResourceLists();
  const encodingOf = createEncodings();
  const oneAtATime = pLimit(1);
  return async ({ method, url, headers, signal, flow, context, holdMemory }) => {
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
      const document = resourceList(`${api.group.name}/${version}`, api.resources(version));
      return documentAnswer(document, form(discoveryOffer), headers['if-none-match']);
    }
    const { offer, messages } = encodingOf(api);
    const objectForm = { ...form(offer), messages };
    const request = { version, segments: rest, query, signal, flow, context };
    const object = convert(api, await getAnswer(api, request), objectForm.conversion, query);
    const isCompressed = acceptsGzip(headers['accept-encoding']);
    return listAnswer(object, objectForm, { isCompressed, oneAtATime, signal, holdMemory });
  };
}

/** Maps an error of the API to its Status. */
async function getAnswer<Context>(
  api: ApiRegistration<Context>,
  request: ApiRequest<Context>,
): Promise<object | TableAnswer> {
  try {
    return await api.get(request);
  } catch (error) {
    const status = api.statusOf(error);
    throw status === undefined ? error : new ApiError(status, error);
  }
}

/** The object that the client requests. */
function convert(
  { types }: Pick<ApiRegistration<unknown>, 'types'>,
  answer: object | TableAnswer,
  conversion: Conversion | undefined,
  query: URLSearchParams,
): object {
  if (!(answer instanceof TableAnswer)) return answer;
  const { kind, columns } = types.get(answer.typeName) ?? {};
  if (kind === undefined || columns === undefined) {
    throw new Error(`no API kind with columns: ${answer.typeName}`);
  }
  return answer.convert({ kind, columns }, conversion, query);
}

/** What follows from the types of an API. */
interface ApiEncoding {
  /** The protobuf messages of its kinds, and of the server's. */
  readonly messages: ApiMessages;
  readonly offer: Offer;
}

/** The encoding of an API, which is derived once. */
function createEncodings(): (
  api: Pick<ApiRegistration<unknown>, 'types' | 'alsoProduces'>,
) => ApiEncoding {
  const known = new WeakMap<object, ApiEncoding>();
  return (api) => {
    const encoding = known.get(api) ?? encodingOf(api);
    known.set(api, encoding);
    return encoding;
  };
}

function encodingOf({
  types,
  alsoProduces,
}: Pick<ApiRegistration<unknown>, 'types' | 'alsoProduces'>): ApiEncoding {
  const hasTables = [...types.values()].some(({ columns }) => columns !== undefined);
  return {
    messages: new Map([...serverMessages, ...apiMessages(types)]),
    offer: { alsoProduces, conversions: hasTables ? tableConversions : [] },
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
