import type { ReviewCaller } from '../flow-control/request-pools.ts';
import type { RequestOrigin } from '../http/http-exchange.ts';
import { isTooManyRequests, StatusError } from '../status.ts';
import type {
  CertificateAuthorities,
  CertificateBundle,
  FrontProxy,
} from './certificate-authorities.ts';
import { type PeerCertificates, peerCertificates } from './peer-certificates.ts';
import { bearerToken, refuseImpersonation, remoteUser } from './request-headers.ts';
import { anonymous, type Identity, type UserInfo, withAuthenticatedGroup } from './user-info.ts';
import { createVerdictCache } from './verdict-cache.ts';

/** The credential that identified the user; `none` if no credential was valid. */
export type AuthenticationMethod = Identity['method'] | 'none';

export type AuthenticationOutcome = 'success' | 'refused' | 'error';

export interface AuthenticatorDependencies {
  /** The current ones; undefined: not loaded yet. */
  readonly authorities: () => CertificateAuthorities | undefined;
  /**
   * The user of a bearer token; undefined: the token is not valid. Rejects if the token cannot be
   * reviewed; authentication fails closed, so the request is rejected as well.
   */
  readonly reviewToken: (token: string, caller: ReviewCaller) => Promise<UserInfo | undefined>;
  /** Called for every request, except those rejected because they cannot wait for a review. */
  readonly onOutcome: (method: AuthenticationMethod, outcome: AuthenticationOutcome) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** @returns the user of a request; throws as `RequestAccess.authenticate` */
export type Authenticator = (request: RequestOrigin, caller: ReviewCaller) => Promise<Identity>;

/**
 * Authenticates requests as an extension API server of Kubernetes does: by the headers of a front
 * proxy, else by a client certificate, else by a bearer token. A request without credentials is
 * anonymous. A request with invalid credentials only is rejected with 401.
 */
export function createAuthenticator(dependencies: AuthenticatorDependencies): Authenticator {
  const { reviewToken, onOutcome, now } = dependencies;
  const verify = createVerdictCache(now);

  const identify = async (request: RequestOrigin, caller: ReviewCaller): Promise<Identity> => {
    const refusals: string[] = [];
    const certified = byCertificate(request, refusals);
    if (certified !== undefined) return certified;
    const user = await byToken(request, caller, refusals);
    if (user !== undefined) return { method: 'token', user };
    if (refusals.length > 0) throw unauthorized(refusals);
    return { method: 'anonymous', user: anonymous };
  };

  const byCertificate = (request: RequestOrigin, refusals: string[]): Identity | undefined => {
    const peer = readPeer(request, refusals);
    if (peer === undefined) return undefined;
    const { frontProxy, clientCa } = knownAuthorities();
    const remote = frontProxy && byFrontProxy(request, peer, frontProxy, refusals);
    if (remote !== undefined) return { method: 'front_proxy', user: remote };
    const user = clientCa && byClientCertificate(peer, clientCa, refusals);
    return user && { method: 'client_certificate', user };
  };

  const knownAuthorities = (): CertificateAuthorities => {
    const authorities = dependencies.authorities();
    if (authorities !== undefined) return authorities;
    throw new Error(
      'a client certificate cannot be verified: the certificate authorities are not loaded yet',
    );
  };

  const byFrontProxy = (
    request: RequestOrigin,
    peer: PeerCertificates,
    { ca, allowedNames, headers }: FrontProxy,
    refusals: string[],
  ): UserInfo | undefined => {
    const verdict = verify(peer, ca);
    const { commonName } = peer.leaf.subject;
    if (!verdict.valid) {
      refusals.push(`not the front proxy's certificate: ${verdict.why}`);
      return undefined;
    }
    if (allowedNames.length > 0 && !allowedNames.includes(commonName)) {
      refusals.push(
        `the common name ${JSON.stringify(commonName)} is not allowed for a front proxy`,
      );
      return undefined;
    }
    return remoteUser(request.headersDistinct, headers);
  };

  const byClientCertificate = (
    peer: PeerCertificates,
    ca: CertificateBundle,
    refusals: string[],
  ): UserInfo | undefined => {
    const verdict = verify(peer, ca);
    if (!verdict.valid) {
      refusals.push(`not a client's certificate: ${verdict.why}`);
      return undefined;
    }
    const { commonName: name, organizations: groups } = peer.leaf.subject;
    return name === '' ? undefined : { name, groups, extra: new Map() };
  };

  const byToken = async (
    request: RequestOrigin,
    caller: ReviewCaller,
    refusals: string[],
  ): Promise<UserInfo | undefined> => {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) return undefined;
    const user = await reviewToken(token, caller);
    if (user === undefined) refusals.push('the bearer token is not valid');
    return user;
  };

  return async (request, caller) => {
    try {
      refuseImpersonation(request.headersDistinct);
      const { method, user } = await identify(request, caller);
      onOutcome(method, 'success');
      return { method, user: withAuthenticatedGroup(user) };
    } catch (error) {
      if (!isTooManyRequests(error)) onOutcome('none', isRefusal(error) ? 'refused' : 'error');
      throw error;
    }
  };
}

/** A certificate that cannot be read counts as an invalid one. */
function readPeer(request: RequestOrigin, refusals: string[]): PeerCertificates | undefined {
  try {
    return peerCertificates(request);
  } catch (error) {
    refusals.push(`the client certificate cannot be read: ${String(error)}`);
    return undefined;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof StatusError && [400, 401].includes(error.status.code);
}

/**
 * A Status 401 for a request with invalid credentials.
 *
 * @param why for the log only: the response has no details, as in Kubernetes
 */
export function unauthorized(why: readonly string[]): StatusError {
  return new StatusError(
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    },
    { cause: new Error(why.join('; ')) },
  );
}
