import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DEFAULT_MAX_CONNECTIONS, type PrometheusOptions } from './options.ts';
import { openTlsMaterial, type TlsMaterial } from './tls-material.ts';

/** The kept connections to one server. */
export interface Agents {
  /** The agent for the next request. */
  agent(): Promise<HttpAgent | HttpsAgent>;
  /** Closes all connections, those in use too. */
  close(): void;
}

/** @throws PrometheusOptionsError where the TLS options do not fit */
export function openAgents(options: PrometheusOptions, isHttps: boolean): Agents {
  const settings: AgentOptions = {
    keepAlive: true,
    maxSockets: options.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
  };
  return isHttps ? httpsAgents(options, settings) : httpAgents(settings);
}

function httpAgents(settings: AgentOptions): Agents {
  const agent = new HttpAgent(settings);
  return { agent: async () => agent, close: () => agent.destroy() };
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
        current = { material, agent: new HttpsAgent({ ...settings, ...material }) };
      }
      return current.agent;
    },
    close: () => current?.agent.destroy(),
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
