import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { singleFlight } from '../../async/single-flight.ts';
import { KubernetesError, messageOf } from '../kubernetes-error.ts';
import { checkCertificates } from './check-certificates.ts';
import type { ClusterAccess } from './cluster-access.ts';

/** The credentials of a request. */
export interface Credentials {
  /** URL without a trailing slash. */
  readonly server: string;
  /** `Authorization` and `Impersonate-User`, if any. */
  readonly headers: Readonly<Record<string, string>>;
  /** The connection pool, with the CA and the client certificate. */
  readonly agent: http.Agent;
  /** Whether the agent uses the `proxy-url` of the kubeconfig. */
  readonly proxied: boolean;
}

export interface CredentialsSource {
  /**
   * The current credentials. Changed files are read again, and exec plugins run again.
   *
   * @throws {KubernetesError} `unauthorized` if there are none, with the reason
   */
  current(): Promise<Credentials>;
  /**
   * New credentials in place of those that the API server has rejected; undefined if there are none.
   * Reads the kubeconfig again, at most once in ten seconds.
   */
  renewed(rejected: Credentials): Promise<Credentials | undefined>;
  /** Closes every connection. */
  close(): void;
}

/** How long credentials are used before their files are checked again. */
const FRESH_MS = 5_000;
const RENEWAL_INTERVAL_MS = 10_000;
/** How long an idle connection is kept open. */
const IDLE_SOCKET_MS = 90_000;
const MAX_SOCKETS = 32;

/**
 * Credentials through @kubernetes/client-node's authenticators (static and file tokens, exec
 * plugins, OIDC, basic), and an agent of connections that is replaced when certificates change.
 *
 * @param load reads the kubeconfig or the service account
 * @throws {ClusterAccessError} if it cannot be loaded, or if a certificate and key do not match
 */
export async function createCredentials(
  load: () => Promise<ClusterAccess>,
): Promise<CredentialsSource> {
  let access = await load();
  await checkCertificates(access);
  let config = await toKubeConfig(access);
  let pool: Pool | undefined;
  let latest: Credentials | undefined;
  let takenAt = Number.NEGATIVE_INFINITY;
  let renewedAt = Number.NEGATIVE_INFINITY;

  const take = async (): Promise<Credentials> => {
    const options = await authenticate(config, access);
    const tls = tlsOptions(options, access);
    if (pool?.key !== tls.key) {
      if (pool !== undefined && access.cluster.proxyUrl !== undefined) {
        // client-node creates one proxy agent per KubeConfig.
        config = await toKubeConfig(access);
        options.agent = (await authenticate(config, access)).agent;
      }
      pool?.retire();
      pool = openPool(access, options, tls);
    }
    const headers = requestHeaders(options, access);
    takenAt = performance.now();
    if (latest?.agent !== pool.agent || !sameHeaders(latest.headers, headers)) {
      latest = {
        server: access.cluster.server,
        headers,
        agent: pool.agent,
        proxied: pool.proxied,
      };
    }
    return latest;
  };

  const joinTake = singleFlight(take);
  const current = async (): Promise<Credentials> => {
    if (latest !== undefined && performance.now() - takenAt < FRESH_MS) return latest;
    return joinTake();
  };

  const reload = async (): Promise<Credentials | undefined> => {
    if (performance.now() - renewedAt < RENEWAL_INTERVAL_MS) return undefined;
    renewedAt = performance.now();
    try {
      const loaded = await load();
      await checkCertificates(loaded);
      config = await toKubeConfig(loaded);
      access = loaded;
      takenAt = Number.NEGATIVE_INFINITY;
      return await current();
    } catch {
      // The response of the API server to the old ones is the better message.
      return undefined;
    }
  };

  const joinReload = singleFlight(reload);
  return {
    current,

    async renewed(rejected) {
      if (latest !== undefined && latest !== rejected) return latest;
      const renewed = await joinReload();
      return renewed === rejected ? undefined : renewed;
    },

    close() {
      pool?.agent.destroy();
    },
  };
}

/** @kubernetes/client-node is loaded on demand: it uses 30 MB, which --standalone does not need. */
async function toKubeConfig(access: ClusterAccess): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const { cluster, user } = access;
  const config = new KubeConfig();
  config.loadFromOptions({
    // client-node rejects plain HTTP, as of `kubectl proxy`, unless verification is off as well.
    clusters: [
      { ...cluster, skipTLSVerify: cluster.skipTLSVerify || cluster.server.startsWith('http:') },
    ],
    users: [user],
    contexts: [{ name: 'current', cluster: cluster.name, user: user.name }],
    currentContext: 'current',
  });
  return config;
}

async function authenticate(
  config: KubeConfig,
  access: ClusterAccess,
): Promise<https.RequestOptions> {
  const options: https.RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KubernetesError(
      'unauthorized',
      `no credentials from ${access.source}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return options;
}

interface TlsOptions {
  readonly ca: https.AgentOptions['ca'];
  readonly cert: https.AgentOptions['cert'];
  readonly key: https.AgentOptions['key'];
  readonly servername: string | undefined;
  readonly rejectUnauthorized: boolean;
}

/** Connections with different keys are not interchangeable. */
function tlsOptions(
  options: https.RequestOptions,
  { cluster }: ClusterAccess,
): { options: TlsOptions; key: string } {
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const parts = [cluster.server, cluster.proxyUrl, ca, cert, key, servername, rejectUnauthorized];
  return {
    options: { ca, cert, key, servername, rejectUnauthorized: rejectUnauthorized ?? true },
    key: parts.map(String).join('\n'),
  };
}

/** Connections to the same server with the same certificates. */
interface Pool {
  readonly key: string;
  readonly agent: http.Agent;
  readonly proxied: boolean;
  /** Closes idle connections. Requests in flight finish. */
  retire(): void;
}

function openPool(
  access: ClusterAccess,
  options: https.RequestOptions,
  tls: { options: TlsOptions; key: string },
): Pool {
  const proxy = access.cluster.proxyUrl === undefined ? undefined : options.agent;
  const proxied = proxy instanceof http.Agent;
  const agent = proxied ? proxy : newAgent(access.cluster.server, tls.options);
  return {
    key: tls.key,
    agent,
    proxied,
    retire() {
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
  };
}

function newAgent(server: string, tls: TlsOptions): http.Agent {
  const pooling = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_SOCKET_MS };
  if (server.startsWith('http:')) return new http.Agent(pooling);
  return new https.Agent({ ...pooling, ...tls });
}

/** The headers to send. Throws for values with characters that HTTP does not allow. */
function requestHeaders(
  options: https.RequestOptions,
  access: ClusterAccess,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (typeof options.auth === 'string') {
    headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name] = String(value).trim();
  }
  for (const [name, value] of Object.entries(headers)) {
    try {
      http.validateHeaderValue(name, value);
    } catch {
      throw new KubernetesError(
        'unauthorized',
        `${access.source}: the value of ${name} has characters that HTTP does not allow`,
      );
    }
  }
  return headers;
}

function sameHeaders(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
