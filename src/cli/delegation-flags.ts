import { flag } from './flag.ts';

const NOBODY_IS_AUTHENTICATED =
  'this version authenticates nobody itself and relies on being reached through the API server only';
const NOTHING_IS_AUTHORIZED =
  'this version authorizes nothing itself and relies on the API server, which does before it passes a request on';

/** Finding out who asks, with the help of the API server. */
export const authenticationFlags = {
  kubeconfig: flag.string({
    name: 'authentication-kubeconfig',
    kind: 'file',
    default: '',
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: "A kubeconfig file for the cluster that reviews tokens. Without it, the pod's own service account.",
  }),
  skipLookup: flag.bool({
    name: 'authentication-skip-lookup',
    default: false,
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'Do not take what the flags do not say about authentication from the cluster (ConfigMap kube-system/extension-apiserver-authentication).',
  }),
  tolerateLookupFailure: flag.bool({
    name: 'authentication-tolerate-lookup-failure',
    default: false,
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'Serve even if that cannot be read; everyone may then be anonymous.',
  }),
  tokenCacheTtl: flag.duration({
    name: 'authentication-token-webhook-cache-ttl',
    default: 10_000,
    from: 0,
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'How long the review of a token is remembered.',
  }),
  clientCaFile: flag.string({
    name: 'client-ca-file',
    kind: 'file',
    default: '',
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'Certificate authorities (PEM) whose client certificates say who asks: the common name is the user.',
  }),
  requestHeaderCaFile: flag.string({
    name: 'requestheader-client-ca-file',
    kind: 'file',
    default: '',
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'Certificate authorities (PEM) of the front proxy, whose headers say who asks.',
  }),
  requestHeaderAllowedNames: flag.stringSlice({
    name: 'requestheader-allowed-names',
    default: [],
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: "Common names that the front proxy's certificate may have; none: any.",
  }),
  requestHeaderUsernameHeaders: flag.stringSlice({
    name: 'requestheader-username-headers',
    default: ['x-remote-user'],
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: "Headers of the front proxy with the user's name; the first one present counts.",
  }),
  requestHeaderUidHeaders: flag.stringSlice({
    name: 'requestheader-uid-headers',
    default: [],
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: "Headers of the front proxy with the user's UID.",
  }),
  requestHeaderGroupHeaders: flag.stringSlice({
    name: 'requestheader-group-headers',
    default: ['x-remote-group'],
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: "Headers of the front proxy with the user's groups.",
  }),
  requestHeaderExtraPrefixes: flag.stringSlice({
    name: 'requestheader-extra-headers-prefix',
    default: ['x-remote-extra-'],
    effect: 'later',
    note: NOBODY_IS_AUTHENTICATED,
    help: 'How the headers of the front proxy begin that hold more about the user.',
  }),
};

/** Finding out who may ask for what, with the help of the API server. */
export const authorizationFlags = {
  kubeconfig: flag.string({
    name: 'authorization-kubeconfig',
    kind: 'file',
    default: '',
    effect: 'later',
    note: NOTHING_IS_AUTHORIZED,
    help: "A kubeconfig file for the cluster that reviews access. Without it, the pod's own service account.",
  }),
  alwaysAllowPaths: flag.stringSlice({
    name: 'authorization-always-allow-paths',
    default: ['/healthz', '/readyz', '/livez'],
    effect: 'later',
    note: NOTHING_IS_AUTHORIZED,
    help: 'Paths that everyone may ask for; one that ends with * stands for all that begin so.',
  }),
  authorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-authorized-ttl',
    default: 10_000,
    from: 0,
    effect: 'later',
    note: NOTHING_IS_AUTHORIZED,
    help: 'How long a yes is remembered.',
  }),
  unauthorizedTtl: flag.duration({
    name: 'authorization-webhook-cache-unauthorized-ttl',
    default: 10_000,
    from: 0,
    effect: 'later',
    note: NOTHING_IS_AUTHORIZED,
    help: 'How long a no is remembered.',
  }),
};
