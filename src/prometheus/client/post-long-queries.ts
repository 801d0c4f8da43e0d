import { Readable } from 'node:stream';
import { PrometheusError } from '../errors.ts';
import { readBeginning } from './body.ts';
import type { Connection, ConnectionRequest, HttpAnswer } from './connection.ts';

/** In characters. A shorter query is not too long for any server. */
const LONG = 2_000;

/** The statuses of servers and proxies for a URI that is too long. */
const TOO_LONG: ReadonlySet<number> = new Set([400, 413, 414, 431]);

/** The statuses of a read-only server for a POST. */
const NO_POST: ReadonlySet<number> = new Set([401, 403, 404, 405, 411, 501]);

/** A request that can also be sent with POST. */
export interface PostableRequest extends ConnectionRequest {
  readonly canPost: boolean;
}

/**
 * Retries a GET that is too long for the server or a proxy with POST. If that succeeds, all further
 * requests use POST.
 *
 * @param onWarning called once, when that begins
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
        `a query of ${request.parameters.toString().length} characters was too long for a GET (HTTP ${refused.status}): from now on queries are sent with POST. Set --prometheus-verb=POST to use POST from the start`,
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
    // The error is from Prometheus itself, which has parsed the query.
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
    `HTTP ${getStatus}: the query of ${length} characters is too long for a GET, and POST is rejected with HTTP ${postStatus}: allow POST for /api/v1/query, or raise the limit on the length of a URI, in the server or the proxy in front of it`,
    { status: getStatus },
  );
}
