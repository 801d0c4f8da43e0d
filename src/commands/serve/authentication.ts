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
import { type AuthorityFile, warnAboutKeys, watchAuthorityFile } from './authority-file.ts';

/** Authentication and authorization that are delegated to the cluster. */
export interface DelegatedAccess extends RequestAccess {
  readonly readiness: readonly HealthCheck[];
  close(): void;
}

/** The flags or the configuration of the cluster do not allow authentication or authorization. */
export class AccessSetupError extends Error {
  override readonly name = 'AccessSetupError';
}

/** How often the certificate authorities are read from the cluster. */
const LOOKUP_INTERVAL_MS = 10_000;

/**
 * Authenticates with the certificate authorities of the cluster and with TokenReviews, and authorizes with
 * SubjectAccessReviews.
 *
 * @throws {AccessSetupError} if flags are invalid or the certificate authorities cannot be read;
 *   {ClusterAccessError} if the kubeconfig or the service account cannot be used
 */
export async function delegateAccess(
  options: ServeOptions,
  log: Logger,
  metrics: ApiserverMetrics,
): Promise<DelegatedAccess> {
  const { authentication, authorization } = options;
  const isAlwaysAllowed = alwaysAllowed(authorization.alwaysAllowPaths);
  const authorities = await openAuthorities(options, log);
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
    reviewToken: (...args) => reviewToken(...args).catch(throwReviewFailure),
    onOutcome: metrics.authenticated,
    now: Date.now,
  });
  const authorize = createAuthorizer({
    review: (...args) => reviewAccess(...args).catch(throwReviewFailure),
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

/** When a client may retry after the API server rejected a review with 429. */
const RETRY_AFTER_SECONDS = 1;

/** Throws a Status 503 if the API server rejected a review with 429; rethrows any other error. */
function throwReviewFailure(error: unknown): never {
  const isBusy = error instanceof KubernetesError && error.status === 429;
  throw isBusy
    ? serviceUnavailable('the API server is too busy for a review', RETRY_AFTER_SECONDS)
    : error;
}

/** Without a rate limit: reviews have a concurrency limit, and clients wait for them. */
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

/** The certificate authorities of the flags and of the cluster. */
interface Authorities {
  /** Undefined if those of the cluster have not been read yet. */
  current(): CertificateAuthorities | undefined;
  /** Why {@link current} is undefined. */
  missing(): string | undefined;
  readonly client: KubernetesClient;
  close(): void;
}

async function openAuthorities(options: ServeOptions, log: Logger): Promise<Authorities> {
  const { authentication } = options;
  const clientCa = await authorityOf('client-ca-file', authentication.clientCaFile, log);
  const frontProxyCa = await authorityOf(
    'requestheader-client-ca-file',
    authentication.requestHeader.clientCaFile,
    log,
  );
  const client = await connect(options, authentication.kubeconfigFile);
  const areInFlags = clientCa !== undefined && frontProxyCa !== undefined;
  let ofCluster: CertificateAuthorities | undefined =
    authentication.skipLookup || areInFlags ? NO_AUTHORITIES : undefined;

  const polled =
    ofCluster === undefined
      ? pollExtensionAuthentication({
          client,
          intervalMs: LOOKUP_INTERVAL_MS,
          onChange(content) {
            ofCluster = authoritiesOf(content, log);
          },
          log,
        })
      : undefined;
  const close = (): void => {
    for (const each of [polled, clientCa, frontProxyCa]) each?.close();
  };
  const failure = await polled?.refresh();
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
        ? 'the client certificate authorities of the cluster have not been read yet'
        : undefined,
    client,
    close,
  };
}

const NO_AUTHORITIES: CertificateAuthorities = { clientCa: undefined, frontProxy: undefined };

/** If the API server is unavailable, the adapter starts and is not ready until the lookup succeeds. */
function afterFailedLookup(
  failure: unknown,
  { tolerateLookupFailure }: AuthenticationOptions,
): CertificateAuthorities | undefined {
  if (tolerateLookupFailure) return NO_AUTHORITIES;
  const isUnavailable =
    failure instanceof KubernetesError &&
    ['unreachable', 'timeout', 'server_error'].includes(failure.kind);
  if (isUnavailable) return undefined;
  throw new AccessSetupError(
    `cannot read ConfigMap kube-system/extension-apiserver-authentication: ${String(failure)}. Expected the ConfigMap, and a RoleBinding to Role extension-apiserver-authentication-reader there; or --authentication-skip-lookup`,
    { cause: failure },
  );
}

/** Throws {@link CertificateBundleError}. */
function authoritiesOf(
  { clientCa, requestHeader }: ExtensionAuthentication,
  log: Logger,
): CertificateAuthorities {
  const read = (key: string, pem: string): CertificateBundle => {
    const bundle = readCertificateBundle(key, pem);
    warnAboutKeys(key, bundle, log);
    return bundle;
  };
  return {
    clientCa: clientCa === undefined ? undefined : read('client-ca-file', clientCa),
    frontProxy:
      requestHeader.ca === undefined
        ? undefined
        : frontProxyOf(read('requestheader-client-ca-file', requestHeader.ca), requestHeader),
  };
}

/** @param settings of the flags or of the cluster */
function frontProxyOf(
  ca: CertificateBundle,
  settings: Omit<ExtensionAuthentication['requestHeader'], 'ca'>,
): FrontProxy {
  return {
    ca,
    allowedNames: settings.allowedNames,
    headers: {
      username: settings.usernameHeaders,
      uid: settings.uidHeaders,
      group: settings.groupHeaders,
      extraPrefix: settings.extraHeaderPrefixes,
    },
  };
}

async function authorityOf(
  flag: string,
  file: string | undefined,
  log: Logger,
): Promise<AuthorityFile | undefined> {
  if (file === undefined) return undefined;
  try {
    return await watchAuthorityFile(file, log);
  } catch (error) {
    const why =
      error instanceof CertificateBundleError ? error.message : `${file}: ${String(error)}`;
    throw new AccessSetupError(`--${flag}: ${why}`, { cause: error });
  }
}
