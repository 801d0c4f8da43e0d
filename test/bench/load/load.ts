/** The server that gets the load, and the credentials. */
export interface LoadTarget {
  /** e.g. `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM; without it any certificate is accepted. */
  readonly ca?: string;
  /** PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Protocol = 'HTTP/1.1' | 'HTTP/2';

export interface Load {
  readonly target: LoadTarget;
  readonly protocol: Protocol;
  /** The number of requests in flight at any time. */
  readonly concurrency: number;
  /** Requested in turn. */
  readonly paths: readonly string[];
  /** It ends after so many requests, or after this time, whichever comes first. */
  readonly requests: number;
  readonly seconds: number;
}

/** What became of it. */
export interface LoadOutcome {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from a request to the end of its answer. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** How many answers there were with each status; `failed` where none came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** One answer that was not 200, or an error's text. */
  readonly complaint: string | undefined;
  /** Of all bodies. */
  readonly bytes: number;
  /** Of the process that made the load. */
  readonly cpuSeconds: number;
}

export interface LoadAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** A client that keeps its connections. */
export interface LoadClient {
  /** @throws Error where no answer comes */
  get(path: string): Promise<LoadAnswer>;
  close(): void;
}
