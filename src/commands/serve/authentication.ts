import { createAuthenticator } from '../../apiserver/authentication/authenticator.ts';
import {
  type CertificateAuthorities,
  type CertificateBundle,
  CertificateBundleError,
  type FrontProxy,
  readCertificateBundle,
} from '../../apiserver/authentication/certificate-authorities.ts';
import { createAuthorizer } from '../../apiserver/authorization/authorizer.ts';
import { PathPatternError, pathMatcher } from '../../apiserver/authorization/path-pattern.ts';
import type { RequestAccess } from '../../apiserver/authorization/request-access.ts';
import { createReviewQueue } from '../../apiserver/flow-control/review-queue.ts';
import type { HealthCheck } from '../../apiserver/health.ts';
import type { ApiserverMetrics } from '../../apiserver/monitoring.ts';
import { serviceUnavailable } from '../../apiserver/status.ts';
import type { AuthenticationOptions, ServeOptions } from '../../cli/serve/serve-options.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { connectKubernetes } from '../../kubernetes/client/connection.ts';
import {
  type ExtensionAuthentication,
  pollExtensionAuthentication,
} from '../../kubernetes/extension-authentication.ts';
import { KubernetesError } from '../../kubernetes/kubernetes-error.ts';
import { createAccessReviewer, createTokenReviewer } from '../../kubernetes/reviews/reviews.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { version } from '../../version.ts';
import { type FollowedAuthority, followAuthorityFile } from './authority-file.ts';

/** Who asks and whether they may, as the cluster says. */
export interface DelegatedAccess extends RequestAccess {
  readonly readiness: readonly HealthCheck[];
  close(): void;
}

/** What the flags and the cluster say about authentication and authorization cannot be used. */
export class AccessSetupError extends Error {
  override readonly name = 'AccessSetupError';
}

/** How often the cluster is asked for its certificate authorities, in milliseconds. */
const LOOKUP_INTERVAL = 10_000;

/**
 * Has the API server say who asks and whether they may: authenticates by its certificate
 * authorities and by token reviews, authorizes by access reviews.
 *
 * @throws {AccessSetupError} where the flags are wrong or the cluster refuses to tell its
 *   certificate authorities; {ClusterAccessError} where there is no way to the cluster
 */
export async function delegateAccess(
  options: ServeOptions,
  log: Logger,
  metrics: ApiserverMetrics,
): Promise<DelegatedAccess> {
  const { authentication, authorization } = options;
  const isAlwaysAllowed = alwaysAllowed(authorization.alwaysAllowPaths);
  const authorities = await followAuthorities(options, log);
  const forTokens = authorities.client;
  const forAccess = await connect(options, authorization.kubeconfigFile);
  const queue = createReviewQueue({
    mostRunning: authentication.maxReviewsInFlight,
    mostWaiting: authentication.maxReviewsQueued,
    onChange: metrics.reviewsChanged,
    onRejected: metrics.reviewRejected,
  });
  const reviewToken = createTokenReviewer(
    { client: forTokens, queue },
    authentication.tokenCacheTtlMs,
  );
  const reviewAccess = createAccessReviewer(
    { client: forAccess, queue },
    { allowedMs: authorization.authorizedTtlMs, deniedMs: authorization.unauthorizedTtlMs },
  );
  const authenticate = createAuthenticator({
    authorities: authorities.current,
    reviewToken: (...asked) => reviewToken(...asked).catch(throwReviewFailure),
    onOutcome: metrics.authenticated,
    now: Date.now,
  });
  const authorize = createAuthorizer({
    review: (...asked) => reviewAccess(...asked).catch(throwReviewFailure),
    isAlwaysAllowed,
    onOutcome: metrics.authorized,
  });
  return {
    authenticate,
    authorize,
    readiness: [{ name: 'certificate-authorities', check: authorities.missing }],
    close() {
      authorities.close();
      for (const client of [forTokens, forAccess]) client.close();
    },
  };
}

/** In seconds: when a client may retry after the API server rejected a review with 429. */
const RETRY_AFTER = 1;

/** Throws a Status 503 if the API server rejected a review with 429; rethrows any other error. */
function throwReviewFailure(error: unknown): never {
  const isBusy = error instanceof KubernetesError && error.status === 429;
  throw isBusy ? serviceUnavailable('the API server is too busy for a review', RETRY_AFTER) : error;
}

/** No rate limit: reviews have a concurrency limit, and a user waits for each. */
function connect(
  { kubernetes }: ServeOptions,
  kubeconfigFile: string | undefined,
): Promise<KubernetesClient> {
  return connectKubernetes({
    kubeconfigFile: kubeconfigFile ?? kubernetes.kubeconfigFile,
    userAgent: `prom-metrics-adapter/${version}`,
  });
}

function alwaysAllowed(patterns: readonly string[]): (path: string) => boolean {
  try {
    return pathMatcher(patterns);
  } catch (error) {
    if (!(error instanceof PathPatternError)) throw error;
    throw new AccessSetupError(`--authorization-always-allow-paths: ${error.message}`);
  }
}

/** The certificate authorities of the flags and of the cluster, kept up to date. */
interface FollowedAuthorities {
  /** Undefined: the cluster could not be asked yet. */
  current(): CertificateAuthorities | undefined;
  /** Why there are none, where that is so. */
  missing(): string | undefined;
  readonly client: KubernetesClient;
  close(): void;
}

async function followAuthorities(options: ServeOptions, log: Logger): Promise<FollowedAuthorities> {
  const { authentication } = options;
  const clientCa = await authorityOf('client-ca-file', authentication.clientCaFile, log);
  const frontProxyCa = await authorityOf(
    'requestheader-client-ca-file',
    authentication.requestHeader.clientCaFile,
    log,
  );
  const client = await connect(options, authentication.kubeconfigFile);
  const isSaidByFlags = clientCa !== undefined && frontProxyCa !== undefined;
  let ofCluster: CertificateAuthorities | undefined =
    authentication.skipLookup || isSaidByFlags ? NO_AUTHORITIES : undefined;

  const followed =
    ofCluster === undefined
      ? pollExtensionAuthentication({
          client,
          intervalMs: LOOKUP_INTERVAL,
          onChange(content) {
            ofCluster = authoritiesOf(content);
          },
          log,
        })
      : undefined;
  const close = (): void => {
    for (const each of [followed, clientCa, frontProxyCa]) each?.close();
  };
  const failure = await followed?.refresh();
  try {
    if (failure !== undefined) ofCluster = afterFailedLookup(failure, authentication);
  } catch (error) {
    close();
    client.close();
    throw error;
  }

  const current = (): CertificateAuthorities | undefined =>
    ofCluster && {
      clientCa: clientCa?.current() ?? ofCluster.clientCa,
      frontProxy: frontProxyCa
        ? frontProxyOf(frontProxyCa.current(), authentication.requestHeader)
        : ofCluster.frontProxy,
    };
  return {
    current,
    missing: () =>
      ofCluster === undefined
        ? 'the cluster has not told its certificate authorities for clients yet'
        : undefined,
    client,
    close,
  };
}

const NO_AUTHORITIES: CertificateAuthorities = { clientCa: undefined, frontProxy: undefined };

/** Refused is refused; an API server that is away comes back, and readiness waits for it. */
function afterFailedLookup(
  failure: unknown,
  { tolerateLookupFailure }: AuthenticationOptions,
): CertificateAuthorities | undefined {
  if (tolerateLookupFailure) return NO_AUTHORITIES;
  const isAway =
    failure instanceof KubernetesError &&
    ['unreachable', 'timeout', 'server_error'].includes(failure.kind);
  if (isAway) return undefined;
  throw new AccessSetupError(
    `cannot read ConfigMap kube-system/extension-apiserver-authentication: ${String(failure)}. Expected the ConfigMap, and a RoleBinding to Role extension-apiserver-authentication-reader there; or --authentication-skip-lookup`,
    { cause: failure },
  );
}

/** Throws {@link CertificateBundleError}. */
function authoritiesOf({
  clientCa,
  requestHeader,
}: ExtensionAuthentication): CertificateAuthorities {
  return {
    clientCa:
      clientCa === undefined ? undefined : readCertificateBundle('client-ca-file', clientCa),
    frontProxy:
      requestHeader.ca === undefined
        ? undefined
        : frontProxyOf(
            readCertificateBundle('requestheader-client-ca-file', requestHeader.ca),
            requestHeader,
          ),
  };
}

/** @param said by the flags or by the cluster. */
function frontProxyOf(
  ca: CertificateBundle,
  said: Omit<ExtensionAuthentication['requestHeader'], 'ca'>,
): FrontProxy {
  return {
    ca,
    allowedNames: said.allowedNames,
    headers: {
      username: said.usernameHeaders,
      uid: said.uidHeaders,
      group: said.groupHeaders,
      extraPrefix: said.extraHeaderPrefixes,
    },
  };
}

async function authorityOf(
  flag: string,
  file: string | undefined,
  log: Logger,
): Promise<FollowedAuthority | undefined> {
  if (file === undefined) return undefined;
  try {
    return await followAuthorityFile(file, log);
  } catch (error) {
    const why =
      error instanceof CertificateBundleError ? error.message : `${file}: ${String(error)}`;
    throw new AccessSetupError(`--${flag}: ${why}`, { cause: error });
  }
}
