import type { Connection } from './connection.ts';

/**
 * Memory that a request takes besides its headers and its answer, in bytes. Measured over HTTP/2: 12 KiB,
 * and the garbage that is not collected yet.
 */
const REQUEST_BYTES = 16 * 1024;

/** Memory that a header field takes besides its text, in bytes. */
const HEADER_BYTES = 128;

/** The target is there as it came, as a path, and as the parts of the path. */
const TEXT_COPIES = 3;

/**
 * A request from its headers until nothing of it is left in memory, with the bytes that it holds
 * there: its headers and, while it is sent, its answer.
 */
export class OpenRequest {
  readonly connection: Connection;
  /** Ends the request alone; undefined where the protocol cannot do that. */
  readonly cancel: (() => void) | undefined;
  #heldBytes = 0;
  #unsentBytes = 0;
  /** When the kernel took bytes of the answer last, or the answer began: `performance.now()`. */
  #progressAt = 0;
  #isSent = false;
  #isClosed = false;
  #onSent: (() => void)[] = [];
  #onClose: (() => void)[] = [];
  #onProgress: (() => void) | undefined;

  /** @param rawHeaders names and values in turn */
  constructor(connection: Connection, rawHeaders: readonly string[], cancel?: () => void) {
    this.connection = connection;
    this.cancel = cancel;
    connection.requestOpened(this);
    this.#hold(REQUEST_BYTES + headerBytes(rawHeaders));
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Of the answer; 0 before it is sent and after. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  get progressAt(): number {
    return this.#progressAt;
  }

  /** The kernel has taken the whole answer, or the client can no longer get it. */
  get isOver(): boolean {
    return this.#isSent || this.#isClosed;
  }

  /**
   * The answer is about to be written. Its memory counts as a whole until all of it is sent. The
   * request may be cancelled by this, where it takes too much.
   */
  answerBegins(bytes: number): void {
    if (this.isOver) return;
    this.#progressAt = performance.now();
    this.#unsentBytes = bytes;
    this.connection.budget.unsent(bytes);
    this.#hold(bytes);
  }

  /** The kernel has taken a part of the answer. */
  progressed(): void {
    this.#progressAt = performance.now();
    this.#onProgress?.();
  }

  /** The kernel has taken all of the answer. */
  sent(): void {
    if (this.isOver) return;
    this.#isSent = true;
    this.#releaseAnswer();
    this.#callAll(this.#onSent);
    this.connection.requestSent(this);
  }

  /** Nothing is left of the request. */
  closed(): void {
    if (this.#isClosed) return;
    const wasSent = this.#isSent;
    this.#isClosed = true;
    this.#releaseAnswer();
    this.#hold(-this.#heldBytes);
    if (!wasSent) this.#callAll(this.#onSent);
    this.#callAll(this.#onClose);
    this.connection.requestClosed(this);
  }

  /** Calls the listener once, when {@link isOver} becomes true; at once where it is. */
  onSent(listener: () => void): void {
    if (this.isOver) listener();
    else this.#onSent.push(listener);
  }

  /** Calls the listener once, when the request is closed; at once where it is. */
  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#onClose.push(listener);
  }

  offClose(listener: () => void): void {
    this.#onClose = this.#onClose.filter((each) => each !== listener);
  }

  /** Calls the one listener whenever the kernel has taken a part of the answer. */
  onProgress(listener: () => void): void {
    this.#onProgress = listener;
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

/** @param rawHeaders names and values in turn */
function headerBytes(rawHeaders: readonly string[]): number {
  let bytes = (rawHeaders.length / 2) * HEADER_BYTES;
  for (const text of rawHeaders) bytes += TEXT_COPIES * text.length;
  return bytes;
}
