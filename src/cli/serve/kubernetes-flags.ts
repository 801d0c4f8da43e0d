import { flag, MAX_TIMER_MS } from '../flag.ts';

/** The connection to the Kubernetes API. */
export const kubernetesFlags = {
  kubeconfig: flag.string({
    name: 'lister-kubeconfig',
    kind: 'file',
    default: '',
    help: 'A kubeconfig file for the cluster with the resources and objects of the metrics. Without it, the service account of the pod.',
  }),
  discoveryInterval: flag.duration({
    name: 'discovery-interval',
    default: 0,
    from: 0,
    to: MAX_TIMER_MS,
    help: 'The interval for refreshing the resource types of the cluster. 0: the value of --metrics-relist-interval.',
  }),
  maxIndexedObjects: flag.int({
    name: 'object-index-max-objects',
    default: 200_000,
    from: 0,
    help: 'The maximum number of objects of a resource whose names and labels are indexed in memory by a watch. For a resource with more objects, each request for its metrics lists its objects. 0: no index.',
  }),
  clientQps: flag.float({
    name: 'client-qps',
    default: 0,
    help: 'The maximum rate of requests to the Kubernetes API, per second. 0: no limit; the requests are few, and the priority and fairness of the API server apply.',
  }),
  clientBurst: flag.int({
    name: 'client-burst',
    default: 10,
    from: 1,
    help: 'The maximum burst of requests to the Kubernetes API if --client-qps limits them.',
  }),
};
