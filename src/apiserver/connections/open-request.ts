import type { CloseReason } from './close-reason.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** The connection of requests, as they use it. */
export interface RequestConnection {
  readonly budget: MemoryBudget;
  readonly isFrontProxy: boolean;
  readonly isClosing: boolean;
  /** Closes the connection, even during requests. */
  close(reason: CloseReason): void;
  /** A request was authenticated with the certificate of the front proxy. */
  markFrontProxy(): void;
  cancelRequest(request: OpenRequest, reason: CloseReason): void;
  requestOpened(request: OpenRequest): void;
  requestSent(request: OpenRequest): void;
  requestClosed(request: OpenRequest): void;
  /** A request uses this many bytes more, or less if negative. */
  held(bytes: number): void;
}

/**
 * Memory of a request in addition to its headers and its response, in bytes. Measured over HTTP/2: 12 KiB,
 * and the garbage that is not collected yet.
 */
const REQUEST_BYTES = 16 * 1024;

/** Memory of a header field in addition to its text, in bytes. */
const HEADER_BYTES = 128;

/** The target is stored as received, as a path, and as the parts of the path. */
const TEXT_COPIES = 3;

/**
 * A request, from its headers until all of its memory is released, with the bytes that it uses: its
 * headers and, while it is being sent, its response.
 */
export class OpenRequest {
  readonly connection: RequestConnection;
  /** Its index in the requests of the connection. */
  slot = 0;
  /** Cancels only the request; undefined if the protocol does not support that. */
  readonly cancel: (() => void) | undefined;
  #heldBytes = 0;
  #unsentBytes = 0;
  /** When the response started, or the kernel last took bytes of it: `performance.now()`. */
  #progressAt = 0;
  #isSent = false;
  #isClosed = false;
  #onSent: (() => void)[] = [];
  #onClose: (() => void)[] = [];
  #onProgress: (() => void) | undefined;

  /** @param rawHeaders names and values alternating */
  constructor(connection: RequestConnection, rawHeaders: readonly string[], cancel?: () => void) {
    this.connection = connection;
    this.cancel = cancel;
    connection.requestOpened(this);
    this.#hold(REQUEST_BYTES + headerBytes(rawHeaders));
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of the response; 0 before and after it is sent. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  get progressAt(): number {
    return this.#progressAt;
  }

  /** Whether the kernel has taken the whole response, or the client can no longer receive it. */
  get isOver(): boolean {
    return this.#isSent || this.#isClosed || this.connection.isClosing;
  }

  /**
   * The response is about to be written. All its memory counts until it is completely sent. This may
   * cancel the request if the budget is exceeded.
   */
  answerBegins(bytes: number): void {
    if (this.isOver) return;
    this.#progressAt = performance.now();
    this.#unsentBytes = bytes;
    this.connection.budget.unsent(bytes);
    this.#hold(bytes);
  }

  /** The kernel has taken a part of the response. */
  progressed(): void {
    this.#progressAt = performance.now();
    this.#onProgress?.();
  }

  /** The kernel has taken all of the response. */
  sent(): void {
    if (this.isOver) return;
    this.#isSent = true;
    this.#releaseAnswer();
    this.#callAll(this.#onSent);
    this.connection.requestSent(this);
  }

  /** The request has ended, and its memory is released. */
  closed(): void {
    if (this.#isClosed) return;
    const wasSent = this.#isSent;
    this.#isClosed = true;
    this.releaseBytes();
    if (!wasSent) this.#callAll(this.#onSent);
    this.#callAll(this.#onClose);
    this.connection.requestClosed(this);
  }

  /** Calls the listener once when {@link isOver} becomes true, immediately if it already is. */
  onSent(listener: () => void): void {
    if (this.isOver) listener();
    else this.#onSent.push(listener);
  }

  /** Calls the listener once when the request is closed, immediately if it already is. */
  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#onClose.push(listener);
  }

  offClose(listener: () => void): void {
    this.#onClose = this.#onClose.filter((each) => each !== listener);
  }

  /** Sets the listener to call whenever the kernel has taken a part of the response. */
  onProgress(listener: () => void): void {
    this.#onProgress = listener;
  }

  /**
   * Memory that the request needs for a while, in bytes; at most a quarter of the budget counts. This
   * may cancel the request if the budget is exceeded.
   *
   * @returns releases it
   */
  holdMemory(bytes: number): () => void {
    if (this.isOver) return () => undefined;
    const counted = Math.min(bytes, this.connection.budget.limit / 4);
    this.#hold(counted);
    let isHeld = true;
    return () => {
      if (isHeld && !this.#isClosed && !this.connection.isClosing) this.#hold(-counted);
      isHeld = false;
    };
  }

  /** Cancels it if the protocol supports that; otherwise closes the connection. */
  endFor(reason: CloseReason): void {
    this.connection.cancelRequest(this, reason);
  }

  /** Its bytes no longer count: it is closed, or about to be with its connection. */
  releaseBytes(): void {
    this.#releaseAnswer();
    this.#hold(-this.#heldBytes);
  }

  #releaseAnswer(): void {
    const bytes = this.#unsentBytes;
    if (bytes === 0) return;
    this.#unsentBytes = 0;
    this.connection.budget.unsent(-bytes);
    this.#hold(-bytes);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.connection.held(bytes);
  }

  #callAll(listeners: readonly (() => void)[]): void {
    for (const listener of listeners) listener();
  }
}

/** @param rawHeaders names and values alternating */
function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = (rawHeaders.length / 2) * HEADER_BYTES;
  for (const text of rawHeaders) bytes += TEXT_COPIES * text.length;
  return bytes;
}
