/** Why the adapter closed a connection, or one of its requests. */
export type CloseReason =
  /** `--max-connections`: replaced by a newer one, or not accepted. */
  | 'connection_limit'
  /** `--max-connections-per-address`. */
  | 'address_limit'
  /** `--max-unsent-bytes`. */
  | 'unsent_limit'
  /** The client did not read its response, or did not complete its request. */
  | 'stalled'
  /** Too many requests on a connection of HTTP/1.1 before the first was answered. */
  | 'pipeline_limit'
  /** HTTP without TLS. */
  | 'plain_http'
  /** The adapter is shutting down, and no request was in progress. */
  | 'shutdown';
