import type { Manifest } from './kubectl.ts';

/** The names of a test's adapter in its cluster. */
export interface AdapterIdentity {
  readonly namespace: string;
  /** The name of its Service and of its service account. */
  readonly name: string;
}

/** Where the API server reaches it. */
export interface AdapterPlace extends AdapterIdentity {
  /** Its port on the loopback interface. */
  readonly port: number;
  /** The CA of its serving certificate, in PEM. */
  readonly caCertificate: string;
}

const VERSIONS = ['v1beta1.custom', 'v1beta2.custom', 'v1beta1.external'] as const;

/**
 * What an adapter needs before it starts, in a namespace that exists: its service account with its
 * permissions, and the permission of the autoscaler to read metrics.
 */
export function identityManifests(place: AdapterIdentity): readonly Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inNamespace(place) },
    ...adapterPermissions(place),
    ...autoscalerPermissions(),
  ];
}

/**
 * Makes a program on this machine an extension API server of the cluster: its Service and its
 * APIServices.
 */
export function apiManifests(place: AdapterPlace): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: inNamespace(place),
      spec: { type: 'ExternalName', externalName: 'localhost' },
    },
    ...VERSIONS.map((version) => apiService(version, place)),
  ];
}

/** The APIServices of the three APIs, by name. */
export const apiServiceNames = VERSIONS.map((version) => `${version}.metrics.k8s.io`);

/** The paths of their discovery documents. */
export const apiPaths = VERSIONS.map((versionAndApi) => {
  const [version, api] = versionAndApi.split('.');
  return `/apis/${api}.metrics.k8s.io/${version}`;
});

function inNamespace({ namespace, name }: AdapterIdentity) {
  return { namespace, name };
}

function adapterPermissions(place: AdapterIdentity): readonly Manifest[] {
  const subjects = [{ kind: 'ServiceAccount', ...inNamespace(place) }];
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: `${place.name}-resource-reader` },
      rules: [
        { apiGroups: [''], resources: ['*'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['apps', 'batch'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    clusterRoleBinding(`${place.name}-resource-reader`, `${place.name}-resource-reader`, subjects),
    clusterRoleBinding(`${place.name}:auth-delegator`, 'system:auth-delegator', subjects),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: `${place.name}-auth-reader`, namespace: 'kube-system' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'extension-apiserver-authentication-reader',
      },
      subjects,
    },
  ];
}

function autoscalerPermissions(): readonly Manifest[] {
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'metrics-reader' },
      rules: [
        {
          apiGroups: ['custom.metrics.k8s.io', 'external.metrics.k8s.io'],
          resources: ['*'],
          verbs: ['get', 'list'],
        },
      ],
    },
    clusterRoleBinding('autoscaler-metrics-reader', 'metrics-reader', [
      { kind: 'ServiceAccount', namespace: 'kube-system', name: 'horizontal-pod-autoscaler' },
    ]),
  ];
}

function clusterRoleBinding(
  name: string,
  role: string,
  subjects: readonly Record<string, string>[],
): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects,
  };
}

function apiService(versionAndApi: (typeof VERSIONS)[number], place: AdapterPlace): Manifest {
  const [version, api] = versionAndApi.split('.');
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${versionAndApi}.metrics.k8s.io` },
    spec: {
      service: { ...inNamespace(place), port: place.port },
      group: `${api}.metrics.k8s.io`,
      version,
      caBundle: Buffer.from(place.caCertificate).toString('base64'),
      groupPriorityMinimum: 100,
      versionPriority: version === 'v1beta2' ? 200 : 100,
    },
  };
}
