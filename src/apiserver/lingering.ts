import { ServerResponse } from 'node:http';
import { constants, Http2ServerResponse } from 'node:http2';
import type { HttpResponse } from './http-exchange.ts';

/** How long an answer may be under way, in milliseconds. */
const LONGEST_SENDING = 60_000;

/**
 * Called when an answer is about to be sent: from then on the client cannot keep the exchange open
 * for longer than that, neither by not reading nor, over HTTP/2, by going on with its request.
 *
 * @param longestSending in milliseconds
 */
export function endLingering(response: HttpResponse, longestSending = LONGEST_SENDING): void {
  const timer = setTimeout(() => hangUp(response), longestSending);
  timer.unref();
  response.once('close', () => clearTimeout(timer));
}

function hangUp(response: HttpResponse): void {
  if (response instanceof Http2ServerResponse) {
    const { stream } = response;
    // Not with the end of every answer: a reset overtakes that end, and the answer counts as cut.
    const isSent = stream.state.localClose === 1;
    stream.close(isSent ? constants.NGHTTP2_NO_ERROR : constants.NGHTTP2_CANCEL);
  } else if (response instanceof ServerResponse) response.destroy();
}
