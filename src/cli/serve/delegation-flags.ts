import { flag } from '../flag.ts';

/** Finding out who asks, with the help of the API server. */
export const authenticationFlags = {
  kubeconfig: flag.string({
    name: 'authentication-kubeconfig',
    kind: 'file',
    default: '',
    help: "A kubeconfig file for the cluster that reviews tokens and tells its certificate authorities. Without it, that of --lister-kubeconfig, else the pod's own service account.",
  }),
  skipLookup: flag.bool({
    name: 'authentication-skip-lookup',
    default: false,
    help: 'Do not take what the flags do not say about authentication from the cluster (ConfigMap kube-system/extension-apiserver-authentication).',
  }),
  tolerateLookupFailure: flag.bool({
    name: 'authentication-tolerate-lookup-failure',
    default: false,
    help: 'Serve although that may not be read or is not there; until it is, client certificates and the headers of the front proxy say nothing.',
  }),
  tokenCacheTtl: flag.duration({
    name: 'authentication-token-webhook-cache-ttl',
    default: 10_000,
    from: 0,
    help: 'How long the review of a token is remembered; 0: not at all.',
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
    help: 'Certificate authorities (PEM) whose client certificates say who asks: the common name is the user, each organization a group. Instead of those of the cluster. Read again when it changes.',
  }),
  requestHeaderCaFile: flag.string({
    name: 'requestheader-client-ca-file',
    kind: 'file',
    default: '',
    help: 'Certificate authorities (PEM) of the front proxy, whose headers say who asks. With it, the other flags that begin with requestheader count, instead of what the cluster says. Read again when it changes.',
  }),
  requestHeaderAllowedNames: flag.stringSlice({
    name: 'requestheader-allowed-names',
    default: [],
    help: "Common names that the front proxy's certificate may have; none: any.",
  }),
  requestHeaderUsernameHeaders: flag.stringSlice({
    name: 'requestheader-username-headers',
    default: ['x-remote-user'],
    help: "Headers of the front proxy with the user's name; the first one present counts.",
  }),
  requestHeaderUidHeaders: flag.stringSlice({
    name: 'requestheader-uid-headers',
    default: [],
    help: "Headers of the front proxy with the user's UID.",
  }),
  requestHeaderGroupHeaders: flag.stringSlice({
    name: 'requestheader-group-headers',
    default: ['x-remote-group'],
    help: "Headers of the front proxy with the user's groups.",
  }),
  requestHeaderExtraPrefixes: flag.stringSlice({
    name: 'requestheader-extra-headers-prefix',
    default: ['x-remote-extra-'],
    help: 'How the headers of the front proxy begin that hold more about the user.',
  }),
};

/** Finding out who may ask for what, with the help of the API server. */
export const authorizationFlags = {
  kubeconfig: flag.string({
    name: 'authorization-kubeconfig',
    kind: 'file',
    default: '',
    help: "A kubeconfig file for the cluster that reviews access. Without it, that of --lister-kubeconfig, else the pod's own service account.",
  }),
  alwaysAllowPaths: flag.stringSlice({
    name: 'authorization-always-allow-paths',
    default: ['/healthz', '/readyz', '/livez'],
    help: 'Paths that everyone may ask for; one that ends with * stands for all that begin so.',
  }),
  authorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-authorized-ttl',
    default: 10_000,
    from: 0,
    help: 'How long a yes is remembered; 0: not at all.',
  }),
  unauthorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-unauthorized-ttl',
    default: 10_000,
    from: 0,
    help: 'How long a no is remembered; 0: not at all.',
  }),
};
