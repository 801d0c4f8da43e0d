import type { Socket } from 'node:net';
import type { CloseReason } from './close-reason.ts';
import { Connection } from './connection.ts';
import { createMemoryBudget, type MemoryBudget } from './memory-budget.ts';
import { createRequestScheduler, type RequestScheduler } from './request-scheduler.ts';

export interface ConnectionLimits {
  /** The number of open connections. 0: no limit. */
  readonly maxConnections: number;
  /** The number of open connections per client address, except those of the front proxy. 0: no limit. */
  readonly maxConnectionsPerAddress: number;
  /** The memory for open requests and unsent responses, in bytes. */
  readonly maxUnsentBytes: number;
}

/** Called when connections are opened and closed. */
export interface ConnectionObserver {
  /** @param open the number of open connections */
  onCount(open: number): void;
  /** A connection was closed by the adapter, or not accepted. */
  onClosed(reason: CloseReason, address: string): void;
}

/** The open connections of a server. */
export interface Connections {
  readonly budget: MemoryBudget;
  /** Starts and ends the requests of all connections. */
  readonly scheduler: RequestScheduler;
  /** Accepts a new connection, or closes it if there are too many. */
  accept(socket: Socket): Connection | undefined;
  /**
   * The connection of a socket passed to {@link accept}, or of a wrapper of it, such as a TLS socket.
   * Undefined if it is closed.
   */
  of(socket: Socket): Connection | undefined;
  /** Closes the connections without a request in progress, and the others when they become idle. */
  closeUnoccupied(): void;
  closeAll(): void;
}

/** The time for the final frames of the protocol after a response is sent. */
const FLUSH_MS = 100;

/** How many addresses of front proxies are kept after their last connection was closed. */
const MOST_FRONT_PROXIES = 1_000;

export function trackConnections(
  limits: ConnectionLimits,
  observer: ConnectionObserver,
): Connections {
  /** By {@link endpoints}. */
  const open = new Map<string, Connection>();
  const byAddress = new Map<string, Set<Connection>>();
  const frontProxies = new Set<string>();
  const scheduler = createRequestScheduler();
  let isShuttingDown = false;
  const budget = createMemoryBudget(limits.maxUnsentBytes, () => open.values());

  const add = (socket: Socket, address: string): Connection => {
    const key = endpoints(socket);
    const connection = new Connection(
      {
        address,
        budget,
        scheduler,
        onClosing: (_, reason) => observer.onClosed(reason, address),
        onFrontProxy: () => rememberFrontProxy(address),
        onRequestEnd(each) {
          if (isShuttingDown) setTimeout(() => closeIfUnoccupied(each), FLUSH_MS).unref();
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

  /** Closes a connection to make room for a new one. False if all belong to the front proxy. */
  const makeRoom = (): boolean => {
    const candidates = [...byAddress.values()].map((ofAddress) =>
      [...ofAddress].filter((each) => !each.isFrontProxy && !each.isClosing),
    );
    const most = candidates.reduce((a, b) => (b.length > a.length ? b : a), []);
    const idle = most.filter(({ requests }) => requests.length === 0);
    const [first, ...others] = idle.length > 0 ? idle : most;
    const oldest = others.reduce((a, b) => (a && b.activeAt < a.activeAt ? b : a), first);
    oldest?.close('connection_limit');
    return oldest !== undefined;
  };

  const closeIfUnoccupied = (connection: Connection): void => {
    if (connection.requests.every(({ isOver }) => isOver)) connection.close('shutdown');
  };

  return {
    budget,
    scheduler,
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
      isShuttingDown = true;
      for (const connection of open.values()) closeIfUnoccupied(connection);
    },
    closeAll() {
      for (const connection of open.values()) connection.close('shutdown');
    },
  };
}

/** Identifies a connection of the port. */
function endpoints({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
