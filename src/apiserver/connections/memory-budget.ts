import type { Connection } from './connection.ts';
import type { OpenRequest } from './open-request.ts';

/** In milliseconds: an answer of which the kernel took nothing for so long is taken for unread. */
const UNREAD_AFTER = 1_000;

/** The memory that open requests and their answers may hold, all connections together. */
export interface MemoryBudget {
  /** In bytes. */
  readonly limit: number;
  /** Of answers that are being sent, in bytes. */
  readonly unsentBytes: number;
  /** A connection holds so many bytes more, or less. May close it or another one. */
  held(connection: Connection, bytes: number): void;
  /** So many bytes of answers are unsent more, or less. */
  unsent(bytes: number): void;
  /** So many bytes belong to a connection of which it turned out that it is the front proxy's. */
  reclassify(bytes: number): void;
}

/**
 * Above the limit, memory is taken back from the clients that read least. The front proxy and the
 * other clients have half of it each, and may use what the other half leaves: so other clients
 * cannot take the memory that the requests of the API server need. Of other clients the connection is
 * closed; a connection of the front proxy carries requests of many users, so only the request is.
 *
 * @param connections those that are open
 */
export function createMemoryBudget(
  limit: number,
  connections: () => Iterable<Connection>,
): MemoryBudget {
  let heldByFrontProxy = 0;
  let heldByOthers = 0;
  let unsentBytes = 0;

  const isOver = (): boolean => heldByFrontProxy + heldByOthers > limit;

  /** Ends what holds most. False where nothing can be ended. */
  const takeBack = (): boolean => {
    const isFrontProxy = heldByOthers <= limit / 2;
    const open = [...connections()].filter(
      (each) => !each.isClosing && each.isFrontProxy === isFrontProxy,
    );
    const requests = open.flatMap((each) => [...each.requests]);
    if (isFrontProxy) {
      const request = worst(requests, (each) => each.heldBytes, isUnread);
      request?.connection.cancelRequest(request, 'unsent_limit');
      return request !== undefined;
    }
    const connection = worst(
      open,
      (each) => each.heldBytes,
      (each) => [...each.requests].some(isUnread),
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
      if (bytes > 0) while (isOver() && takeBack());
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

function isUnread({ unsentBytes, progressAt }: OpenRequest): boolean {
  return unsentBytes > 0 && performance.now() - progressAt > UNREAD_AFTER;
}

/** The one that holds most; those that are suspected go first. Undefined where none holds anything. */
function worst<Item>(
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
