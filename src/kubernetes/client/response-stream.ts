import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { KubernetesError, messageOf } from '../kubernetes-error.ts';

export interface AnswerStreamLimits {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** For how long nothing may come, in milliseconds; without it, forever. */
  readonly stallTimeoutMs?: number | undefined;
}

/** When the operating system begins to ask whether the other side is still there, in milliseconds. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The pieces of an answer that goes on, as they come. Ends when the server ends it properly; leaving
 * the loop early closes the connection.
 *
 * @param what names the request in errors.
 * @throws {KubernetesError} `unreachable` when the connection breaks, `timeout` when nothing came for
 *   too long, `canceled`.
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
  const timer = startSilenceTimer(stallTimeoutMs, () =>
    end(new KubernetesError('timeout', `${what}: nothing came for ${stallTimeoutMs} ms`)),
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
    throw ended ?? brokenOff(what, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    stream.destroy();
  }
  if (ended !== undefined) throw ended;
}

function startSilenceTimer(
  stallTimeoutMs: number | undefined,
  onSilence: () => void,
): NodeJS.Timeout | undefined {
  return stallTimeoutMs === undefined ? undefined : setTimeout(onSilence, stallTimeoutMs);
}

function isIncomingMessage(stream: Readable): stream is IncomingMessage {
  return 'socket' in stream;
}

function brokenOff(what: string, error: unknown): KubernetesError {
  return new KubernetesError('unreachable', `${what}: the connection broke: ${messageOf(error)}`);
}

/** The beginning of an answer as text, at most so many bytes; for what explains an error. */
export async function readBeginning(stream: Readable, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const piece = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    chunks.push(piece);
    bytes += piece.length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString();
}
