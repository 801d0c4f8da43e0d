import { PrometheusError } from '../errors.ts';

/** One memory budget for the responses that are being received, parsed or used. */
export interface AnswerMemory {
  /** Starts a response, which has no part of the budget yet. */
  open(): AnswerShare;
}

/** The part of the budget that one response uses. */
export interface AnswerShare {
  /**
   * Takes a further part of the budget. Waits while other responses use it.
   *
   * @param bytes in addition to those already taken
   * @throws PrometheusError `too_large` if it exceeds what one response may use, or too many responses
   *   are waiting; the reason of the signal if that is aborted during the wait
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
  /** Releases everything; may be called again. */
  release(): void;
  /** Releases it when the signal is aborted; without a signal, immediately. */
  releaseAfter(signal: AbortSignal | undefined): void;
  /** Sets a function to be called on release. */
  onRelease(free: () => void): void;
}

/** Each of them has already buffered some hundreds of kilobytes. */
const MOST_WAITING = 32;

interface Waiting {
  readonly share: Share;
  readonly bytes: number;
  readonly goOn: () => void;
}

/** Which part of the budget a response uses: the shared part, or the part for one response. */
interface Share {
  bytes: number;
  free: (() => void) | undefined;
  isSole: boolean;
}

/**
 * A budget of bytes. One third is shared by concurrent responses. A response that does not fit waits for
 * the other two thirds, which one response has at a time. There is no deadlock: no response waits for
 * memory of another one that is waiting.
 *
 * @param most in bytes; one response can use two thirds of it
 */
export function createAnswerMemory(most: number): AnswerMemory {
  const mostShared = Math.floor(most / 3);
  const mostOfOne = most - mostShared;
  const queue = new Set<Waiting>();
  let shared = 0;
  let sole: Share | undefined;

  /** Whether the bytes were granted. */
  function grant(share: Share, bytes: number): boolean {
    if (!share.isSole && shared + bytes <= mostShared) shared += bytes;
    else if (!share.isSole && sole !== undefined) return false;
    else if (!share.isSole) makeSole(share);
    share.bytes += bytes;
    return true;
  }

  function makeSole(share: Share): void {
    shared -= share.bytes;
    share.isSole = true;
    sole = share;
  }

  function grantThoseWhoWait(): void {
    for (const waiting of queue) {
      if (!grant(waiting.share, waiting.bytes)) return;
      queue.delete(waiting);
      waiting.goOn();
    }
  }

  function wait(share: Share, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        queue.delete(waiting);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        share,
        bytes,
        goOn() {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      queue.add(waiting);
    });
  }

  function release(share: Share): void {
    if (share.isSole) sole = undefined;
    else shared -= share.bytes;
    share.bytes = 0;
    share.isSole = false;
    share.free?.();
    share.free = undefined;
    grantThoseWhoWait();
  }

  return {
    open() {
      const share: Share = { bytes: 0, free: undefined, isSole: false };
      return {
        take(bytes, signal) {
          // After an abort, the share may be released already.
          signal.throwIfAborted();
          if (share.bytes + bytes > mostOfOne) throw tooLarge(mostOfOne);
          // Waiting responses go first, unless they wait for this one.
          const isFirst = share.isSole || queue.size === 0;
          if (isFirst && grant(share, bytes)) return undefined;
          if (queue.size >= MOST_WAITING) throw tooMany();
          return wait(share, bytes, signal);
        },
        release: () => release(share),
        onRelease(free) {
          share.free = free;
        },
        releaseAfter(signal) {
          // Without a signal the caller keeps its buffers.
          if (signal === undefined) share.free = undefined;
          if (signal === undefined || signal.aborted) release(share);
          else if (share.bytes > 0) {
            signal.addEventListener('abort', () => release(share), { once: true });
          }
        },
      };
    },
  };
}

function tooMany(): PrometheusError {
  return new PrometheusError(
    'too_large',
    `${MOST_WAITING} large responses are already waiting for memory (--prometheus-max-answer-memory)`,
  );
}

function tooLarge(limit: number): PrometheusError {
  return new PrometheusError(
    'too_large',
    `the response is larger than ${limit} bytes, which is two thirds of --prometheus-max-answer-memory; raise it together with the memory limit of the process`,
  );
}
