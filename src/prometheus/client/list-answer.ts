import type { AnswerShare } from './answer-memory.ts';
import type { AnswerReader } from './body.ts';
import { type AnswerHead, openEnvelope } from './envelope.ts';
import { listBatches } from './list-batches.ts';
import type { AnswerNotices } from './notices.ts';

/** The content of a response, and its notices. */
export interface Noticed<T> {
  readonly value: T;
  readonly notices: AnswerNotices;
}

/** Reads the list in the `data` of one large response. */
export interface ListCollector<T> {
  /** The keys that lead to the list, e.g. `['data', 'result']`. */
  readonly path: readonly string[];
  /**
   * Adds a batch of {@link listBatches}.
   *
   * @returns the additional memory in use, in bytes
   */
  add(batch: Buffer): number;
  /**
   * @param data with the list replaced by one zero for each batch
   * @param batches the number of batches
   */
  finish(data: unknown, batches: number): T | Promise<T>;
}

/** How the `data` of the responses of an endpoint is read. Errors are PrometheusErrors. */
export interface DataReader<T> {
  small(data: unknown): T;
  /** @param share the part of the memory budget that the response uses */
  large(share: AnswerShare, signal: AbortSignal): ListCollector<T>;
}

/**
 * Reads a small response.
 *
 * @throws PrometheusError as {@link openEnvelope} and the reader
 */
export function readSmallAnswer<T>(
  body: Buffer,
  head: AnswerHead,
  { small }: DataReader<T>,
): Noticed<T> {
  const { data, notices } = openEnvelope(body, head);
  return { value: small(data), notices };
}

/**
 * Reads a large response while it arrives.
 *
 * @param share accounts for the memory of the response; the caller has to release it
 */
export function largeAnswerReader<T>(
  head: AnswerHead,
  share: AnswerShare,
  signal: AbortSignal,
  { large }: DataReader<T>,
): AnswerReader<Noticed<T>> {
  const collector = large(share, signal);
  let batches = 0;
  let bytes = 0;
  // Of the text outside of batches: its maximum counts until the response is released.
  let mostHeld = 0;
  const list = listBatches(collector.path, (batch) => {
    batches += 1;
    bytes += collector.add(batch);
  });
  return {
    push(chunk) {
      list.push(chunk);
      const held = Math.max(mostHeld, list.heldBytes());
      const added = bytes + held - mostHeld;
      bytes = 0;
      mostHeld = held;
      return added === 0 ? undefined : share.take(added, signal);
    },
    async end() {
      const { data, notices } = openEnvelope(list.rest(), head);
      return { value: await collector.finish(data, batches), notices };
    },
  };
}
