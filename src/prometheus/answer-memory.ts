import { PrometheusError } from './errors.ts';

/** One budget for the answers that are being received, parsed and used. */
export interface AnswerMemory {
  /** Begins an answer, which has nothing of the budget yet. */
  open(): AnswerShare;
}

/** What one answer has of the budget. */
export interface AnswerShare {
  /**
   * Takes more of the budget. Waits while other answers have it.
   *
   * @param bytes more of them
   * @throws PrometheusError `too_large` where one answer may not have so much, or too many wait; the
   *   reason of the signal, when that is aborted while it waits
   */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
  /** Gives back what was taken; may be called again. */
  release(): void;
  /** Gives it back when the signal is aborted; without one, at once. */
  releaseAfter(signal: AbortSignal | undefined): void;
  /** Is called when all is given back. */
  onRelease(free: () => void): void;
}

/** Each of them has taken in some hundreds of kilobytes already. */
const MOST_WAITING = 32;

interface Waiting {
  readonly share: Share;
  readonly bytes: number;
  readonly goOn: () => void;
}

/** Where the bytes of an answer are counted: in the part that all share, or in that of the one. */
interface Share {
  bytes: number;
  free: (() => void) | undefined;
  isSole: boolean;
}

/**
 * A budget of bytes. A third of it is for answers side by side; an answer that finds this full waits
 * until it may have the other two thirds, which one answer has at a time. So some answer can always
 * go on: none waits for what another one has that waits itself.
 *
 * @param most in bytes; one answer can have two thirds of it
 */
export function createAnswerMemory(most: number): AnswerMemory {
  const mostShared = Math.floor(most / 3);
  const mostOfOne = most - mostShared;
  const queue = new Set<Waiting>();
  let shared = 0;
  let sole: Share | undefined;

  /** Whether it has got what it asks for. */
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
          if (share.bytes + bytes > mostOfOne) throw tooLarge(mostOfOne);
          // Who waits goes first, unless it waits for this one.
          const isFirst = share.isSole || queue.size === 0;
          if (isFirst && grant(share, bytes)) return undefined;
          signal.throwIfAborted();
          if (queue.size >= MOST_WAITING) throw tooMany();
          return wait(share, bytes, signal);
        },
        release: () => release(share),
        onRelease(free) {
          share.free = free;
        },
        releaseAfter(signal) {
          // Whoever does not say when it is done keeps what it has got.
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
    `${MOST_WAITING} large answers wait already for a part of --prometheus-max-answer-memory`,
  );
}

function tooLarge(limit: number): PrometheusError {
  return new PrometheusError(
    'too_large',
    `the response is larger than ${limit} bytes, which is two thirds of --prometheus-max-answer-memory; raise that, and the memory of the process`,
  );
}
