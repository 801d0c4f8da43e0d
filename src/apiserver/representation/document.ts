import { createHash } from 'node:crypto';
import type { Body } from '../http/body.ts';
import { gzipBody, gzipForReuse } from '../http/compression.ts';
import { encode, rejectLargeYaml } from './encode.ts';
import { JSON_TYPE, type ObjectMediaType, YAML_TYPE } from './negotiation.ts';

/** The bytes of an answer, plain or compressed. */
export interface Content {
  /** Uncompressed, in bytes. */
  readonly length: number;
  bytes(): Body | Promise<Body>;
  gzipped(): Promise<Body>;
  /** Releases the memory after the content is sent. Absent: it is kept. */
  free?(): void;
}

/** Content that is sent once. */
export function freshContent(bytes: Buffer): Content {
  const body = [bytes];
  return { length: bytes.length, bytes: () => body, gzipped: () => gzipBody(body) };
}

/** An object that is the same for every request. Each representation of it is made once. */
export interface Document {
  readonly object: object;
  /** A strong entity tag, with its quotes, the same for all representations (see Vary). */
  readonly etag: string;
  /** Throws a Status 406 if it is too large for YAML. */
  content(mediaType: ObjectMediaType, pretty: boolean): Content;
}

/** @param object must not change afterwards */
export function createDocument(object: object): Document {
  const contents = new Map<string, Content>();
  const json = JSON.stringify(object);
  const { length } = json;
  return {
    object,
    etag: `"${hashOf(json)}"`,
    content(mediaType, pretty) {
      if (mediaType === YAML_TYPE) rejectLargeYaml(length);
      // Only JSON can be indented.
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
      gzipped ??= gzipForReuse(bytes);
      return gzipped;
    },
  };
}
