import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The compression that servers are asked for (Accept-Encoding). */
export const ACCEPTED_ENCODING = 'gzip';

/** A response that is compressed in a way that was not asked for. */
export class UnknownEncodingError extends Error {
  override readonly name = 'UnknownEncodingError';
}

/**
 * The body of a response, uncompressed. One that ends before its compression is complete ends with
 * an error: the HTTP library would take it for a whole one.
 *
 * @param encoding the header Content-Encoding
 * @throws UnknownEncodingError, after which the body is destroyed
 */
export function decodedBody(body: Readable, encoding: unknown): Readable {
  const name = typeof encoding === 'string' ? encoding.trim().toLowerCase() : '';
  switch (name) {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      // Errors of the body become errors of what is returned, whose reader gets them.
      return pipeline(body, createGunzip(), () => undefined);
    default:
      body.destroy();
      throw new UnknownEncodingError(
        `the response is compressed with ${JSON.stringify(name)}; expected ${ACCEPTED_ENCODING} or none`,
      );
  }
}
