import pLimit from 'p-limit';
import { acceptsGzip } from './http/compression.ts';
import type { HttpExchange } from './http/http-exchange.ts';
import type { RequestUrl } from './http/request-info.ts';
import { type ApiMessages, apiMessages, serverMessages } from './protobuf/api-messages.ts';
import type { ApiRegistration, ApiRequest } from './registration/api-registration.ts';
import { type Answer, listAnswer } from './representation/answer.ts';
import { type Conversion, negotiate, type Offer } from './representation/negotiation.ts';
import { TableAnswer, tableConversions } from './representation/table.ts';
import { ApiError } from './status.ts';

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

/**
 * Answers requests for objects of APIs.
 *
 * @returns for an API, a version of it, the path below that, and the request
 */
export function createApiObjects<Context>(): (
  api: ApiRegistration<Context>,
  version: string,
  segments: readonly string[],
  request: RoutedRequest<Context>,
  pretty: boolean,
) => Promise<Answer> {
  const encodingOf = createEncodings();
  const oneAtATime = pLimit(1);
  return async (api, version, segments, request, pretty) => {
    const { url, headers, signal, flow, context, holdMemory } = request;
    const { query } = url;
    const { offer, messages } = encodingOf(api);
    const { mediaType, conversion } = negotiate(headers.accept, offer);
    const answer = await getAnswer(api, { version, segments, query, signal, flow, context });
    const object = convert(api, answer, conversion, query);
    const isCompressed = acceptsGzip(headers['accept-encoding']);
    const form = { mediaType, pretty, messages };
    return listAnswer(object, form, { isCompressed, oneAtATime, signal, holdMemory });
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

/** The encoding of an API, derived from its types. */
interface ApiEncoding {
  /** The protobuf messages of its kinds, and of the server's. */
  readonly messages: ApiMessages;
  readonly offer: Offer;
}

/** Derives the encoding of each API once. */
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
