import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { KubernetesError, messageOf } from '../kubernetes-error.ts';

export interface AnswerStreamLimits {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** The longest time between two chunks, in milliseconds; undefined: no limit. */
  readonly stallTimeoutMs?: number | undefined;
}

/** Milliseconds of inactivity before the first TCP keep-alive probe. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The chunks of a streamed response. Leaving the loop early closes the connection.
 *
 * @param what names the request in errors
 * @throws {KubernetesError} `unreachable` if the connection breaks, `timeout` if nothing is received for
 *   too long, `canceled`
 */
export async function* streamChunks(
  stream: Readable,
  what: string,
  { signal, stallTimeoutMs }: AnswerStreamLimits,
): AsyncGenerator<Buffer> {
  let ended: KubernetesError | undefined;
  const end = (error: KubernetesError): void => {
    ended ??= error;
    stream.destroy();
  };
  const onAbort = (): void => end(new KubernetesError('canceled', `${what}: canceled`));
  const timer = startStallTimer(stallTimeoutMs, () =>
    end(new KubernetesError('timeout', `${what}: nothing received for ${stallTimeoutMs} ms`)),
  );
  if (signal?.aborted) onAbort();
  else signal?.addEventListener('abort', onAbort);
  if (isIncomingMessage(stream)) stream.socket.setKeepAlive(true, KEEP_ALIVE_MS);

  try {
    for await (const chunk of stream) {
      if (ended !== undefined) break;
      timer?.refresh();
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    }
  } catch (error) {
    throw ended ?? connectionBroken(what, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
  if (ended !== undefined) throw ended;
}

function startStallTimer(
  stallTimeoutMs: number | undefined,
  onStall: () => void,
): NodeJS.Timeout | undefined {
  return stallTimeoutMs === undefined ? undefined : setTimeout(onStall, stallTimeoutMs);
}

function isIncomingMessage(stream: Readable): stream is IncomingMessage {
  return 'socket' in stream;
}

function connectionBroken(what: string, error: unknown): KubernetesError {
  return new KubernetesError('unreachable', `${what}: the connection broke: ${messageOf(error)}`);
}

/** The beginning of an error response as text. */
export async function readBeginning(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const data = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    chunks.push(data);
    bytes += data.length;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString();
}
