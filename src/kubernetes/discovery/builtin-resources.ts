import type { ClusterResource, ResourceMapper } from '../../apimachinery/cluster-resource.ts';
import { createResourceMapper } from './resource-mapper.ts';

/**
 * Kinds of one group, separated by spaces. The plural name is the kind in lower case with an `s`, unless
 * it follows a slash.
 */
interface BuiltinGroup {
  readonly group: string;
  readonly version: string;
  readonly namespaced: string;
  readonly rootScoped: string;
}

/** The resources in the discovery documents of Kubernetes 1.36, in the group order of the API server. */
const BUILTIN_GROUPS: readonly BuiltinGroup[] = [
  {
    group: '',
    version: 'v1',
    namespaced:
      'Binding ConfigMap Endpoints/endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret ServiceAccount Service',
    rootScoped: 'ComponentStatus/componentstatuses Namespace Node PersistentVolume',
  },
  { group: 'apiregistration.k8s.io', version: 'v1', namespaced: '', rootScoped: 'APIService' },
  {
    group: 'apps',
    version: 'v1',
    namespaced: 'ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet',
    rootScoped: '',
  },
  { group: 'events.k8s.io', version: 'v1', namespaced: 'Event', rootScoped: '' },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'SelfSubjectReview TokenReview',
  },
  {
    group: 'authorization.k8s.io',
    version: 'v1',
    namespaced: 'LocalSubjectAccessReview',
    rootScoped: 'SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview',
  },
  { group: 'autoscaling', version: 'v2', namespaced: 'HorizontalPodAutoscaler', rootScoped: '' },
  { group: 'batch', version: 'v1', namespaced: 'CronJob Job', rootScoped: '' },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'CertificateSigningRequest',
  },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    namespaced: 'Ingress/ingresses NetworkPolicy/networkpolicies',
    rootScoped: 'IngressClass/ingressclasses IPAddress/ipaddresses ServiceCIDR',
  },
  { group: 'policy', version: 'v1', namespaced: 'PodDisruptionBudget', rootScoped: '' },
  {
    group: 'rbac.authorization.k8s.io',
    version: 'v1',
    namespaced: 'RoleBinding Role',
    rootScoped: 'ClusterRoleBinding ClusterRole',
  },
  {
    group: 'storage.k8s.io',
    version: 'v1',
    namespaced: 'CSIStorageCapacity/csistoragecapacities',
    rootScoped:
      'CSIDriver CSINode StorageClass/storageclasses VolumeAttachment VolumeAttributesClass/volumeattributesclasses',
  },
  {
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped:
      'MutatingAdmissionPolicy/mutatingadmissionpolicies MutatingAdmissionPolicyBinding MutatingWebhookConfiguration ValidatingAdmissionPolicy/validatingadmissionpolicies ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration',
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'CustomResourceDefinition',
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'PriorityClass/priorityclasses',
  },
  { group: 'coordination.k8s.io', version: 'v1', namespaced: 'Lease', rootScoped: '' },
  {
    group: 'node.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'RuntimeClass/runtimeclasses',
  },
  { group: 'discovery.k8s.io', version: 'v1', namespaced: 'EndpointSlice', rootScoped: '' },
  {
    group: 'resource.k8s.io',
    version: 'v1',
    namespaced: 'ResourceClaim ResourceClaimTemplate',
    rootScoped: 'DeviceClass/deviceclasses ResourceSlice',
  },
  {
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    namespaced: '',
    rootScoped: 'FlowSchema PriorityLevelConfiguration',
  },
];

/** The built-in resources, in the order of the API server. */
export function builtinResources(): readonly ClusterResource[] {
  return BUILTIN_GROUPS.flatMap(({ group, version, namespaced, rootScoped }) => [
    ...resourcesOf(namespaced, { group, version, namespaced: true }),
    ...resourcesOf(rootScoped, { group, version, namespaced: false }),
  ]);
}

/** A mapper for {@link builtinResources}, used without a cluster. */
export function builtinResourceMapper(): ResourceMapper {
  return createResourceMapper(builtinResources());
}

function resourcesOf(
  kinds: string,
  scope: { group: string; version: string; namespaced: boolean },
): readonly ClusterResource[] {
  return kinds
    .split(' ')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [kind = '', plural] = entry.split('/');
      const singular = kind.toLowerCase();
      return { ...scope, resource: plural ?? `${singular}s`, singular, kind };
    });
}
