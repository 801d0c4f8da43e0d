import type { Socket } from 'node:net';
import { type CloseReason, Connection } from './connection.ts';
import { createMemoryBudget, type MemoryBudget } from './memory-budget.ts';
import { createRequestTurns, type RequestTurns } from './request-turns.ts';

export interface ConnectionLimits {
  /** Connections at the same time. 0: any number. */
  readonly maxConnections: number;
  /** Connections of one remote address that is not the front proxy's. 0: any number. */
  readonly maxConnectionsPerAddress: number;
  /** Memory that requests and answers may hold, in bytes. */
  readonly maxUnsentBytes: number;
}

/** Told what becomes of connections. */
export interface ConnectionObserver {
  /** @param open how many connections there are now */
  onCount(open: number): void;
  /** A connection was closed by the adapter, or not accepted. */
  onClosed(reason: CloseReason, address: string): void;
}

/** The open connections of a server. */
export interface Connections {
  readonly budget: MemoryBudget;
  /** In which requests of all connections start and are ended. */
  readonly turns: RequestTurns;
  /** Takes a new connection, or closes it where there are too many. */
  accept(socket: Socket): Connection | undefined;
  /**
   * The connection of a socket that {@link accept} took, or of one around it, such as that of TLS.
   * Undefined where it is closed.
   */
  of(socket: Socket): Connection | undefined;
  /** Closes the connections without a request in progress, and the others when they have none. */
  closeUnoccupied(): void;
  closeAll(): void;
}

/** What the protocol has to say after an answer is sent within that time, in milliseconds. */
const FLUSH = 100;

/** Addresses that are remembered to be the front proxy's after its last connection was closed. */
const MOST_FRONT_PROXIES = 1_000;

export function trackConnections(
  limits: ConnectionLimits,
  observer: ConnectionObserver,
): Connections {
  /** By {@link endpoints}. */
  const open = new Map<string, Connection>();
  const byAddress = new Map<string, Set<Connection>>();
  const frontProxies = new Set<string>();
  const turns = createRequestTurns();
  let isEnding = false;
  const budget = createMemoryBudget(limits.maxUnsentBytes, () => open.values());

  const add = (socket: Socket, address: string): Connection => {
    const key = endpoints(socket);
    const connection = new Connection(
      {
        address,
        budget,
        turns,
        onClosing: (_, reason) => observer.onClosed(reason, address),
        onFrontProxy: () => rememberFrontProxy(address),
        onRequestEnd(each) {
          if (isEnding) setTimeout(() => closeIfUnoccupied(each), FLUSH).unref();
        },
      },
      () => socket.destroy(),
    );
    open.set(key, connection);
    const ofAddress = byAddress.get(address) ?? new Set();
    byAddress.set(address, ofAddress.add(connection));
    observer.onCount(open.size);
    socket.once('close', () => {
      connection.closed();
      // A client that has reset its connection may have opened the next one from the same port.
      if (open.get(key) === connection) open.delete(key);
      ofAddress.delete(connection);
      if (ofAddress.size === 0) byAddress.delete(address);
      observer.onCount(open.size);
    });
    return connection;
  };

  const rememberFrontProxy = (address: string): void => {
    frontProxies.delete(address);
    frontProxies.add(address);
    const [oldest] = frontProxies;
    if (frontProxies.size > MOST_FRONT_PROXIES && oldest !== undefined) frontProxies.delete(oldest);
  };

  const isAddressFull = (address: string): boolean => {
    const most = limits.maxConnectionsPerAddress;
    const count = byAddress.get(address)?.size ?? 0;
    return most > 0 && count >= most && !frontProxies.has(address);
  };

  /** Closes a connection for a newer one; false where all are the front proxy's. */
  const makeRoom = (): boolean => {
    const candidates = [...byAddress.values()].map((ofAddress) =>
      [...ofAddress].filter((each) => !each.isFrontProxy && !each.isClosing),
    );
    const most = candidates.reduce((a, b) => (b.length > a.length ? b : a), []);
    const idle = most.filter(({ requests }) => requests.size === 0);
    const [first, ...others] = idle.length > 0 ? idle : most;
    const oldest = others.reduce((a, b) => (a && b.activeAt < a.activeAt ? b : a), first);
    oldest?.close('connection_limit');
    return oldest !== undefined;
  };

  const closeIfUnoccupied = (connection: Connection): void => {
    if ([...connection.requests].every(({ isOver }) => isOver)) connection.close('shutdown');
  };

  return {
    budget,
    turns,
    accept(socket) {
      const address = socket.remoteAddress;
      const refuse = (reason: CloseReason): undefined => {
        observer.onClosed(reason, address ?? '');
        socket.destroy();
        return undefined;
      };
      // The client has reset it already.
      if (address === undefined) {
        socket.destroy();
        return undefined;
      }
      if (isAddressFull(address)) return refuse('address_limit');
      const isFull = limits.maxConnections > 0 && open.size >= limits.maxConnections;
      if (isFull && !makeRoom()) return refuse('connection_limit');
      return add(socket, address);
    },
    of: (socket) => open.get(endpoints(socket)),
    closeUnoccupied() {
      isEnding = true;
      for (const connection of open.values()) closeIfUnoccupied(connection);
    },
    closeAll() {
      for (const connection of open.values()) connection.close('shutdown');
    },
  };
}

/** What tells the connections of a port apart. */
function endpoints({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
