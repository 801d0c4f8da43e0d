import type { CloseReason } from './close-reason.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { OpenRequest, RequestConnection } from './open-request.ts';
import type { RequestScheduler } from './request-scheduler.ts';

/** How many requests of a closed connection are ended at a time. */
const REQUESTS_PER_STEP = 8;

export interface ConnectionOptions {
  /** The client's IP address. */
  readonly address: string;
  readonly budget: MemoryBudget;
  /** Ends its requests when it is closed. */
  readonly scheduler: RequestScheduler;
  /** The adapter closes it, or one of its requests. */
  readonly onClosing: (connection: Connection, reason: CloseReason) => void;
  readonly onFrontProxy: (connection: Connection) => void;
  /** The response to a request was sent, or the request was closed. */
  readonly onRequestEnd: (connection: Connection) => void;
}

/** A client connection, with its open requests and the memory that they use. */
export class Connection implements RequestConnection {
  readonly address: string;
  readonly budget: MemoryBudget;
  readonly #options: ConnectionOptions;
  /**
   * In any order, each at its `slot`. A Set would allocate new tables all the time, and its old tables
   * would keep requests from being collected with other short-lived objects.
   */
  readonly #requests: OpenRequest[] = [];
  #heldBytes = 0;
  #isFrontProxy = false;
  #isClosing = false;
  #activeAt = performance.now();
  #destroy: () => void;

  /** @param destroy closes the socket, even during requests */
  constructor(options: ConnectionOptions, destroy: () => void) {
    this.address = options.address;
    this.budget = options.budget;
    this.#options = options;
    this.#destroy = destroy;
  }

  /** Whether a request on it was authenticated with the certificate of the front proxy. */
  get isFrontProxy(): boolean {
    return this.#isFrontProxy;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  get requests(): readonly OpenRequest[] {
    return this.#requests;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** When it was opened, or a request on it last started or ended: `performance.now()`. */
  get activeAt(): number {
    return this.#activeAt;
  }

  markFrontProxy(): void {
    if (this.#isFrontProxy) return;
    this.budget.reclassify(this.#heldBytes);
    this.#isFrontProxy = true;
    this.#options.onFrontProxy(this);
  }

  /** Replaces the function that {@link close} calls. */
  destroyBy(destroy: () => void): void {
    this.#destroy = destroy;
  }

  /** Closes it, even during requests. They end in slices: there can be hundreds. */
  close(reason: CloseReason): void {
    if (this.#isClosing) return;
    for (const request of this.#requests) request.releaseBytes();
    this.#isClosing = true;
    this.#options.onClosing(this, reason);
    this.#options.scheduler.end(this, () => this.#endSomeRequests());
  }

  /** Cancels the request if the protocol supports that; otherwise closes the connection. */
  cancelRequest(request: OpenRequest, reason: CloseReason): void {
    if (request.cancel === undefined) {
      this.close(reason);
      return;
    }
    this.#options.onClosing(this, reason);
    request.closed();
    request.cancel();
  }

  /** Its socket is closed. */
  closed(): void {
    this.#endRequests();
    this.#isClosing = true;
  }

  requestOpened(request: OpenRequest): void {
    this.#activeAt = performance.now();
    request.slot = this.#requests.push(request) - 1;
  }

  requestSent(request: OpenRequest): void {
    this.#activeAt = request.progressAt;
    this.#options.onRequestEnd(this);
  }

  requestClosed(request: OpenRequest): void {
    const last = this.#requests.pop();
    if (last !== undefined && last !== request) {
      this.#requests[request.slot] = last;
      last.slot = request.slot;
    }
    if (!this.#isClosing) this.#options.onRequestEnd(this);
  }

  /** Called by its requests when they use more memory, or less. */
  held(bytes: number): void {
    // Its memory was released when it began to close.
    if (this.#isClosing) return;
    this.#heldBytes += bytes;
    this.budget.held(this, bytes);
  }

  /** Returns false once all requests have ended and the socket is closed. */
  #endSomeRequests(): boolean {
    for (let ended = 0; ended < REQUESTS_PER_STEP; ended += 1) {
      const request = this.#requests.at(-1);
      if (request === undefined) break;
      request.closed();
      request.cancel?.();
    }
    if (this.#requests.length > 0) return true;
    this.#destroy();
    return false;
  }

  /** With HTTP/1.1 not every request gets an event when its connection is closed. */
  #endRequests(): void {
    for (const request of [...this.#requests]) request.closed();
  }
}
