import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import { DEFAULT_MAX_CONNECTIONS, type PrometheusOptions } from './options.ts';
import { openTlsMaterial, type TlsMaterial } from './tls-material.ts';

/** The kept connections to one server. */
export interface Agents {
  /** The agent for the next request. */
  agent(): Promise<HttpAgent | HttpsAgent>;
  /** Whether a byte has come on any connection in use since this was asked last. */
  hasReceived(): boolean;
  /** Closes all connections, those in use too; they are made anew when they are needed. */
  close(): void;
}

/** @throws PrometheusOptionsError where the TLS options do not fit */
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

/** A changed certificate or key brings a new agent; requests under way end on the old one. */
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

/** Ends connections that take longer to come about, looking up the name included. */
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
  // What has come while this process stood still is read first.
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
    // Idle ones too: what they got before must not look like news once they are used again.
    const { sockets: used = {}, freeSockets: idle = {} } = agent() ?? {};
    const sockets = [used, idle]
      .flatMap((lists) => Object.values(lists))
      .flatMap((list) => list ?? []);
    // All of them are looked at, so that what is seen now is not seen again.
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
