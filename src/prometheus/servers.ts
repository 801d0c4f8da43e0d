import { PrometheusError } from './errors.ts';

/** The server of rules that name none. */
export const DEFAULT_SERVER = 'default';

/**
 * The Prometheus servers by name. Each module declares the part of a server that it uses.
 *
 * @example servers.get(rule.prometheus).query('up', { signal })
 */
export interface PrometheusServers<Server> {
  /** @throws PrometheusError `unreachable` if no server has this name */
  get(name: string | undefined): Server;
  /** All names, the default server first. */
  readonly names: readonly string[];
}

/** @param others servers in addition to the default one, by name */
export function prometheusServers<Server>(
  defaultServer: Server,
  others: ReadonlyMap<string, Server> = new Map(),
): PrometheusServers<Server> {
  const servers = new Map([[DEFAULT_SERVER, defaultServer], ...others]);
  return {
    get(name = DEFAULT_SERVER) {
      const server = servers.get(name);
      if (server !== undefined) return server;
      throw new PrometheusError(
        'unreachable',
        `there is no Prometheus server with the name ${JSON.stringify(name)}; expected one of ${[...servers.keys()].join(', ')}`,
      );
    },
    names: [...servers.keys()],
  };
}
