/** A response of which the kernel has taken no bytes for this long counts as unread. */
const UNREAD_AFTER_MS = 1_000;

/** A request that uses memory of the budget. */
export interface MemoryRequest {
  readonly heldBytes: number;
  /** Of its response; 0 before and after it is sent. */
  readonly unsentBytes: number;
  /** When the response started, or the kernel last took bytes of it: `performance.now()`. */
  readonly progressAt: number;
  /** Ends it, and its connection if the protocol cannot cancel a single request. */
  endFor(reason: 'unsent_limit'): void;
}

/** A connection whose requests use memory of the budget. */
export interface MemoryConnection {
  readonly isFrontProxy: boolean;
  readonly isClosing: boolean;
  readonly heldBytes: number;
  readonly requests: readonly MemoryRequest[];
  close(reason: 'unsent_limit'): void;
}

/** The memory budget of all connections for open requests and their responses. */
export interface MemoryBudget {
  /** In bytes. */
  readonly limit: number;
  /** Of responses that are being sent, in bytes. */
  readonly unsentBytes: number;
  /** A connection uses this many bytes more (or less, if negative). May close it or another one. */
  held(connection: Pick<MemoryConnection, 'isFrontProxy'>, bytes: number): void;
  /** This many more (or fewer) bytes of responses are unsent. */
  unsent(bytes: number): void;
  /** A connection that uses this many bytes was found to belong to the front proxy. */
  reclassify(bytes: number): void;
}

/**
 * Above the limit, memory is reclaimed from the clients that use most of it. The front proxy and the
 * other clients have half of the budget each, and may use what the other half does not need: other
 * clients cannot use up the memory for requests of the API server. A connection of another client is
 * closed; a connection of the front proxy carries requests of many users, so only one is cancelled.
 *
 * @param connections the open ones
 */
export function createMemoryBudget(
  limit: number,
  connections: () => Iterable<MemoryConnection>,
): MemoryBudget {
  let heldByFrontProxy = 0;
  let heldByOthers = 0;
  let unsentBytes = 0;

  const isOver = (): boolean => heldByFrontProxy + heldByOthers > limit;

  /** Closes the connection, or cancels the request, that uses most memory. False if there is none. */
  const reclaim = (): boolean => {
    const isFrontProxy = heldByOthers <= limit / 2;
    const open = [...connections()].filter(
      (each) => !each.isClosing && each.isFrontProxy === isFrontProxy,
    );
    const requests = open.flatMap((each) => each.requests);
    if (isFrontProxy) {
      const request = largest(requests, (each) => each.heldBytes, isUnread);
      request?.endFor('unsent_limit');
      return request !== undefined;
    }
    const connection = largest(
      open,
      (each) => each.heldBytes,
      (each) => each.requests.some(isUnread),
    );
    connection?.close('unsent_limit');
    return connection !== undefined;
  };

  return {
    limit,
    get unsentBytes() {
      return unsentBytes;
    },
    held({ isFrontProxy }, bytes) {
      if (isFrontProxy) heldByFrontProxy += bytes;
      else heldByOthers += bytes;
      if (bytes > 0) while (isOver() && reclaim());
    },
    unsent(bytes) {
      unsentBytes += bytes;
    },
    reclassify(bytes) {
      heldByOthers -= bytes;
      heldByFrontProxy += bytes;
    },
  };
}

function isUnread({ unsentBytes, progressAt }: MemoryRequest): boolean {
  return unsentBytes > 0 && performance.now() - progressAt > UNREAD_AFTER_MS;
}

/** The item that uses most memory: a suspect one if possible. Undefined if none uses any. */
function largest<Item>(
  items: readonly Item[],
  bytesOf: (item: Item) => number,
  isSuspect: (item: Item) => boolean,
): Item | undefined {
  const holding = items.filter((item) => bytesOf(item) > 0);
  const suspects = holding.filter(isSuspect);
  const among = suspects.length > 0 ? suspects : holding;
  return among.reduce<Item | undefined>(
    (most, item) => (most === undefined || bytesOf(item) > bytesOf(most) ? item : most),
    undefined,
  );
}
