import { promisify } from 'node:util';
import { createGzip, gzip as gzipWithCallback } from 'node:zlib';
import type { Body } from './body.ts';

const gzip = promisify(gzipWithCallback);

/** Responses above this size, in bytes, are compressed if the client accepts gzip; as in Kubernetes. */
export const COMPRESS_FROM = 128 * 1024;

/** The lowest level, as in Kubernetes' servers: most of the gain for a fraction of the time. */
const LEVEL = 1;

/** Whether an Accept-Encoding header accepts gzip. */
export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  return String(acceptEncoding ?? '')
    .split(',')
    .map((part) => part.toLowerCase().replaceAll(/\s/g, ''))
    .some((part) => /^gzip(;q=(?!0(\.0*)?$).*)?$/.test(part));
}

/** Compresses a body that is sent once. */
export async function gzipBody(body: Body): Promise<Body> {
  const [only, ...others] = body;
  const whole = only !== undefined && others.length === 0 ? only : Buffer.concat(body);
  return [await gzip(whole, { level: LEVEL })];
}

/** Compresses a body that is sent many times. */
export async function gzipForReuse(bytes: Buffer): Promise<Body> {
  return [await gzip(bytes)];
}

/** Compresses a body part by part. */
export interface Compressor {
  write(body: Body): Promise<void>;
  end(): Promise<Buffer>;
}

/** Starts to compress a body. */
export function createCompressor(): Compressor {
  const gzip = createGzip({ level: LEVEL });
  const out: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => out.push(chunk));
  return {
    async write(body) {
      for (const part of body) {
        await new Promise<void>((resolve, reject) => {
          gzip.write(part, (error) => (error ? reject(error) : resolve()));
        });
      }
    },
    async end() {
      await new Promise<void>((resolve, reject) => {
        gzip.once('end', resolve).once('error', reject).end();
      });
      return Buffer.concat(out);
    },
  };
}
