import { flag } from '../flag.ts';

/** Authentication, delegated to the API server. */
export const authenticationFlags = {
  kubeconfig: flag.string({
    name: 'authentication-kubeconfig',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file for the cluster that reviews tokens and has the certificate authorities of clients. Without it, that of --lister-kubeconfig, else the service account of the pod.',
  }),
  skipLookup: flag.bool({
    name: 'authentication-skip-lookup',
    default: false,
    help: 'Do not read the authentication settings that the flags omit from the cluster (ConfigMap kube-system/extension-apiserver-authentication).',
  }),
  tolerateLookupFailure: flag.bool({
    name: 'authentication-tolerate-lookup-failure',
    default: false,
    help: 'Serve even if that ConfigMap is missing or cannot be read. Until it can be read, client certificates and the headers of the front proxy are ignored.',
  }),
  tokenCacheTtl: flag.duration({
    name: 'authentication-token-webhook-cache-ttl',
    default: 10_000,
    from: 0,
    help: 'The TTL of cached token reviews. 0: no cache.',
  }),
  maxReviewsInFlight: flag.int({
    name: 'max-reviews-inflight',
    default: 32,
    from: 2,
    to: 100_000,
    help: 'The maximum number of concurrent TokenReviews and SubjectAccessReviews. Three quarters are reserved for requests that the API server forwards. Users are served round-robin.',
  }),
  maxReviewsQueued: flag.int({
    name: 'max-reviews-queued',
    default: 400,
    from: 2,
    to: 1_000_000,
    help: 'The maximum number of reviews that wait, divided in the same way. A request that needs another one is rejected with 429.',
  }),
  clientCaFile: flag.string({
    name: 'client-ca-file',
    kind: 'file',
    default: '',
    help: 'Certificate authorities (PEM) for client certificates, in place of those of the cluster. The common name is the user, each organization a group. Read again when the file changes.',
  }),
  requestHeaderCaFile: flag.string({
    name: 'requestheader-client-ca-file',
    kind: 'file',
    default: '',
    help: 'Certificate authorities (PEM) of the front proxy, whose headers identify the user. The other requestheader flags then apply, in place of the settings of the cluster. Read again when the file changes.',
  }),
  requestHeaderAllowedNames: flag.stringSlice({
    name: 'requestheader-allowed-names',
    default: [],
    help: 'Allowed common names in the certificate of the front proxy. Empty: any.',
  }),
  requestHeaderUsernameHeaders: flag.stringSlice({
    name: 'requestheader-username-headers',
    default: ['x-remote-user'],
    help: 'Headers of the front proxy with the name of the user. The first that is present applies.',
  }),
  requestHeaderUidHeaders: flag.stringSlice({
    name: 'requestheader-uid-headers',
    default: [],
    help: 'Headers of the front proxy with the UID of the user.',
  }),
  requestHeaderGroupHeaders: flag.stringSlice({
    name: 'requestheader-group-headers',
    default: ['x-remote-group'],
    help: 'Headers of the front proxy with the groups of the user.',
  }),
  requestHeaderExtraPrefixes: flag.stringSlice({
    name: 'requestheader-extra-headers-prefix',
    default: ['x-remote-extra-'],
    help: 'Prefixes of the headers of the front proxy with extra attributes of the user.',
  }),
};

/** Authorization, delegated to the API server. */
export const authorizationFlags = {
  kubeconfig: flag.string({
    name: 'authorization-kubeconfig',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file for the cluster that reviews access. Without it, that of --lister-kubeconfig, else the service account of the pod.',
  }),
  alwaysAllowPaths: flag.stringSlice({
    name: 'authorization-always-allow-paths',
    default: ['/healthz', '/readyz', '/livez'],
    help: 'Paths that need no authorization. A path that ends with * is a prefix.',
  }),
  authorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-authorized-ttl',
    default: 10_000,
    from: 0,
    help: 'The TTL of cached "allowed" decisions. 0: no cache.',
  }),
  unauthorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-unauthorized-ttl',
    default: 10_000,
    from: 0,
    help: 'The TTL of cached "denied" decisions. 0: no cache.',
  }),
};
