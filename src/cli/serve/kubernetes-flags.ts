import { flag, LONGEST_TIMER } from '../flag.ts';

/** How the Kubernetes API is reached. */
export const kubernetesFlags = {
  kubeconfig: flag.string({
    name: 'lister-kubeconfig',
    kind: 'file',
    default: '',
    help: "A kubeconfig file for the cluster whose resources and objects the metrics describe. Without it, the pod's own service account.",
  }),
  discoveryInterval: flag.duration({
    name: 'discovery-interval',
    default: 0,
    from: 0,
    to: LONGEST_TIMER,
    help: 'How often the kinds of objects that the cluster has are looked up again. 0 means --metrics-relist-interval.',
  }),
  maxIndexedObjects: flag.int({
    name: 'object-index-max-objects',
    default: 200_000,
    from: 0,
    help: 'Of a resource with more objects than this, names and labels are not kept in memory and followed by a watch: each request for its metrics lists the objects that it is about. 0 means that nothing is kept.',
  }),
  clientQps: flag.float({
    name: 'client-qps',
    default: 0,
    help: "How many requests a second the Kubernetes API gets at most. 0 means no limit: they are few, and the API server's own priority and fairness has the last word.",
  }),
  clientBurst: flag.int({
    name: 'client-burst',
    default: 10,
    from: 1,
    help: 'How many requests the Kubernetes API may get at once where --client-qps limits them.',
  }),
};
