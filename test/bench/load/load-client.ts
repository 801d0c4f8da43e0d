import { http1LoadClient } from './http1-load-client.ts';
import { http2LoadClient } from './http2-load-client.ts';
import type { LoadClient, LoadTarget, Protocol } from './load.ts';

/** HTTP/1.1: a connection for each request in flight; HTTP/2: one for all. */
export async function connectLoadClient(
  target: LoadTarget,
  protocol: Protocol,
  concurrency: number,
): Promise<LoadClient> {
  return protocol === 'HTTP/2' ? http2LoadClient(target) : http1LoadClient(target, concurrency);
}
