import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The value of the header Accept-Encoding. */
export const ACCEPTED_ENCODING = 'gzip';

/** A response with a content encoding that was not requested. */
export class UnknownEncodingError extends Error {
  override readonly name = 'UnknownEncodingError';
}

/**
 * The decompressed body of a response. A truncated body ends with an error; the HTTP library would
 * accept it as complete.
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
      // Errors of the body are forwarded to the reader of the returned stream.
      return pipeline(body, createGunzip(), () => undefined);
    default:
      body.destroy();
      throw new UnknownEncodingError(
        `the response is compressed with ${JSON.stringify(name)}; expected ${ACCEPTED_ENCODING} or none`,
      );
  }
}
