import type { ReviewCaller } from '../flow-control/request-pools.ts';
import type { RequestOrigin } from '../http/http-exchange.ts';
import { isTooManyRequests, StatusError } from '../status.ts';
import type {
  CertificateAuthorities,
  CertificateBundle,
  FrontProxy,
} from './certificate-authorities.ts';
import { createChainVerifier } from './chain-verifier.ts';
import { type PeerCertificates, peerCertificates } from './peer-certificates.ts';
import { bearerToken, refuseImpersonation, remoteUser } from './request-headers.ts';
import { anonymous, type Identity, type UserInfo, withAuthenticatedGroup } from './user-info.ts';

/** What said who asks; `none` where nothing that was shown was believed. */
export type AuthenticationMethod = Identity['method'] | 'none';

export type AuthenticationOutcome = 'success' | 'refused' | 'error';

export interface AuthenticatorDependencies {
  /** Those of now; undefined: they have not been found out yet. */
  readonly authorities: () => CertificateAuthorities | undefined;
  /**
   * Has somebody else say whose token it is; undefined: nobody's. Rejects where there is no answer,
   * and so must the request be.
   */
  readonly reviewToken: (token: string, caller: ReviewCaller) => Promise<UserInfo | undefined>;
  /** Called for every request, except those rejected because they cannot wait for a review. */
  readonly onOutcome: (method: AuthenticationMethod, outcome: AuthenticationOutcome) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** @returns the user of a request; throws as `RequestAccess.authenticate` says */
export type Authenticator = (request: RequestOrigin, caller: ReviewCaller) => Promise<Identity>;

/**
 * Finds out who asks, as an extension API server of Kubernetes does: by the headers of a front
 * proxy, else by a client certificate, else by a bearer token. Who shows none of these is anonymous;
 * who shows something that is not believed is refused, unless something else is.
 */
export function createAuthenticator(dependencies: AuthenticatorDependencies): Authenticator {
  const { reviewToken, onOutcome, now } = dependencies;
  const verify = createChainVerifier(now);

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
      'a client certificate cannot be checked: the cluster has not told its authorities yet',
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
      refusals.push(`no front proxy may be called ${JSON.stringify(commonName)}`);
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

/** A certificate that cannot be read counts as one that is not believed. */
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

/** Somebody says who they are and is not believed. Why is for the log only. */
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
