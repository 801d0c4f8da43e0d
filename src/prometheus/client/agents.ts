import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import { DEFAULT_MAX_CONNECTIONS, type PrometheusOptions } from './options.ts';
import { openTlsMaterial, type TlsMaterial } from './tls-material.ts';

/** The keep-alive connections to one server. */
export interface Agents {
  /** The agent for the next request. */
  agent(): Promise<HttpAgent | HttpsAgent>;
  /** Whether data has arrived on any connection in use since the last call. */
  hasReceived(): boolean;
  /** Closes all connections, including those in use. New requests open new ones. */
  close(): void;
}

/** @throws PrometheusOptionsError if the TLS options are invalid */
export function openAgents(options: PrometheusOptions, isHttps: boolean): Agents {
  const settings: AgentOptions = {
    keepAlive: true,
    maxSockets: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
  };
  return isHttps ? httpsAgents(options, settings) : httpAgents(options, settings);
}

function httpAgents({ connectTimeoutMs }: PrometheusOptions, settings: AgentOptions): Agents {
  const agent = limitConnecting(new HttpAgent(settings), connectTimeoutMs);
  return {
    agent: async () => agent,
    hasReceived: watchReceiving(() => agent),
    close: () => agent.destroy(),
  };
}

/** A changed certificate or key creates a new agent; requests in flight end on the old one. */
function httpsAgents(options: PrometheusOptions, settings: AgentOptions): Agents {
  const source = openTlsMaterial(options);
  let current: { material: TlsMaterial; agent: HttpsAgent } | undefined;
  return {
    agent: async () => {
      const material = await source();
      if (current?.material !== material) {
        retire(current?.agent);
        const agent = new HttpsAgent({ ...settings, ...material });
        current = { material, agent: limitConnecting(agent, options.connectTimeoutMs) };
      }
      return current.agent;
    },
    hasReceived: watchReceiving(() => current?.agent),
    close: () => current?.agent.destroy(),
  };
}

/** Limits the time to connect, including the DNS lookup. */
function limitConnecting<A extends HttpAgent>(agent: A, timeoutMs: number | undefined): A {
  if (timeoutMs === undefined) {
    return agent;
  }
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const connection = create(options, callback);
    if (connection instanceof Socket) {
      endUnlessConnected(connection, timeoutMs);
    }
    return connection;
  };
  return agent;
}

function endUnlessConnected(socket: Socket, timeoutMs: number): void {
  const end = (): void => {
    if (socket.connecting) {
      const error = new Error(`no connection within ${timeoutMs} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }
  };
  // If this process was stopped, pending events are handled first.
  const timer = setTimeout(() => setImmediate(end), timeoutMs);
  socket.once('connect', () => clearTimeout(timer));
  socket.once('close', () => clearTimeout(timer));
}

function watchReceiving(agent: () => HttpAgent | undefined): () => boolean {
  const bytesSeen = new WeakMap<Socket, number>();
  const hasMore = (socket: Socket): boolean => {
    const isMore = socket.bytesRead > (bytesSeen.get(socket) ?? 0);
    bytesSeen.set(socket, socket.bytesRead);
    return isMore;
  };
  return () => {
    // Also for idle connections: data from before must not count when they are used again.
    const { sockets: used = {}, freeSockets: idle = {} } = agent() ?? {};
    const sockets = [used, idle]
      .flatMap((lists) => Object.values(lists))
      .flatMap((list) => list ?? []);
    // `filter` visits all of them, so that each is up to date for the next call.
    return sockets.filter(hasMore).length > 0;
  };
}

function retire(agent: HttpsAgent | undefined): void {
  if (agent === undefined) {
    return;
  }
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) {
      socket.destroy();
    }
  }
}
