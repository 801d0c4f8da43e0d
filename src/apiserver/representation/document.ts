import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import type { Body } from '../http/body.ts';
import { FRESH_LEVEL } from '../http/compression.ts';
import { encode, refuseLargeYaml } from './encode.ts';
import { JSON_TYPE, type ObjectMediaType, YAML_TYPE } from './negotiation.ts';

const gzip = promisify(gzipWithCallback);

/** The bytes of an answer, which may be wanted compressed. */
export interface Content {
  /** Uncompressed, in bytes. */
  readonly length: number;
  bytes(): Body | Promise<Body>;
  gzipped(): Promise<Body>;
  /** Releases the memory after the content is sent. Absent: it is kept. */
  free?(): void;
}

/** Content that is asked for once. */
export function freshContent(bytes: Buffer): Content {
  const body = [bytes];
  return { length: bytes.length, bytes: () => body, gzipped: () => gzipBody(body) };
}

export async function gzipBody(body: Body): Promise<Body> {
  const [only, ...others] = body;
  const whole = only !== undefined && others.length === 0 ? only : Buffer.concat(body);
  return [await gzip(whole, { level: FRESH_LEVEL })];
}

/** An object that is the same for every request, each representation of which is made once. */
export interface Document {
  readonly object: object;
  /** A strong entity tag, with its quotes, the same for all representations (see Vary). */
  readonly etag: string;
  /** Throws a Status 406 where it is too large for YAML. */
  content(mediaType: ObjectMediaType, pretty: boolean): Content;
}

/** @param object never changed from now on */
export function createDocument(object: object): Document {
  const contents = new Map<string, Content>();
  const json = JSON.stringify(object);
  const { length } = json;
  return {
    object,
    etag: `"${hashOf(json)}"`,
    content(mediaType, pretty) {
      if (mediaType === YAML_TYPE) refuseLargeYaml(length);
      // The others have one form, whether or not they are for people to read.
      const key = `${mediaType} ${pretty && mediaType === JSON_TYPE}`;
      const known = contents.get(key) ?? keptContent(encode(object, mediaType, pretty));
      contents.set(key, known);
      return known;
    },
  };
}

/** SHA-512, in hexadecimal. */
function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase();
}

function keptContent(bytes: Buffer): Content {
  const body = [bytes];
  let gzipped: Promise<Body> | undefined;
  return {
    length: bytes.length,
    bytes: () => body,
    gzipped: () => {
      gzipped ??= gzip(bytes).then((compressed) => [compressed]);
      return gzipped;
    },
  };
}
