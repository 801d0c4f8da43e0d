import { Readable } from 'node:stream';
import { readBeginning } from './body.ts';
import type { Connection, ConnectionRequest, HttpAnswer } from './connection.ts';
import { PrometheusError } from './errors.ts';

/** In characters; a shorter query is not too long for anybody. */
const LONG = 2_000;

/** What servers and proxies say to a URI that is too long for them, if it is long at all. */
const TOO_LONG: ReadonlySet<number> = new Set([400, 413, 414, 431]);

/** What a server that only allows reading says to a POST. */
const NO_POST: ReadonlySet<number> = new Set([401, 403, 404, 405, 411, 501]);

/** A request that a server takes by POST as well. */
export interface PostableRequest extends ConnectionRequest {
  readonly canPost: boolean;
}

/**
 * Sends a GET that is too long for the server, or for a proxy before it, again by POST. Where that
 * helps, all further requests are sent by POST.
 *
 * @param onWarning told once, when that begins
 */
export function postLongQueries(
  { send }: Pick<Connection, 'send'>,
  onWarning: ((message: string) => void) | undefined,
): (request: PostableRequest) => Promise<HttpAnswer> {
  let isPosting = false;

  async function sendAgain(request: PostableRequest, refused: HttpAnswer): Promise<HttpAnswer> {
    const answer = await send({ ...request, verb: 'POST' });
    if (NO_POST.has(answer.status)) {
      answer.body.destroy();
      throw noPost(request, refused.status, answer.status);
    }
    if (answer.status < 300 && !isPosting) {
      isPosting = true;
      onWarning?.(
        `a query of ${request.parameters.toString().length} characters was too long for a GET (HTTP ${refused.status}): from now on queries are sent by POST. Set --prometheus-verb=POST to begin with that`,
      );
    }
    return answer;
  }

  return async (request) => {
    const { canPost, verb } = request;
    if (verb === 'POST' || !canPost) return send(request);
    if (isPosting) return send({ ...request, verb: 'POST' });
    const answer = await send(request);
    if (!TOO_LONG.has(answer.status)) return answer;
    const isUnclear = answer.status === 400 || answer.status === 413;
    if (isUnclear && request.parameters.toString().length < LONG) return answer;
    const body = await readBeginning(answer.body, { most: 0, taken: 0 }, request.signal);
    // Prometheus itself has read the query.
    if (body.includes('"errorType"')) return { ...answer, body: Readable.from([body]) };
    return sendAgain(request, answer);
  };
}

function noPost(
  { parameters }: ConnectionRequest,
  getStatus: number,
  postStatus: number,
): PrometheusError {
  const length = parameters.toString().length;
  return new PrometheusError(
    'bad_query',
    `HTTP ${getStatus}: the query of ${length} characters is too long for a GET, and a POST is refused with HTTP ${postStatus}: allow POST for /api/v1/query, or raise the limit on the length of a URI, at the server or the proxy before it`,
    { status: getStatus },
  );
}
