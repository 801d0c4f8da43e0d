import type { ControlPlaneCertificates } from './control-plane-certificates.ts';

/** Minor version (of Kubernetes 1) that removed the plain HTTP ports and the flags that close them. */
const NO_INSECURE_PORTS = 24;

/** Minor version from which autoscalers support metrics of single containers by default. */
const CONTAINER_METRICS = 27;

/**
 * The controllers that the tests need. The aggregator of newer versions routes by EndpointSlices,
 * older ones by Endpoints.
 */
const CONTROLLERS = [
  'horizontalpodautoscaling',
  'deployment',
  'replicaset',
  'namespace',
  'serviceaccount',
  'serviceaccount-token',
  'root-ca-cert-publisher',
  'endpoint',
  'endpointslice',
  'garbagecollector',
];

export interface ApiServerSettings {
  readonly minor: number;
  readonly port: number;
  readonly etcdUrl: string;
  /** The only common name that aggregated servers accept of a front proxy. */
  readonly frontProxyName: string;
  readonly certificates: ControlPlaneCertificates;
}

/** The command line of kube-apiserver, on the loopback interface. */
export function apiServerFlags(settings: ApiServerSettings): readonly string[] {
  const { certificates } = settings;
  return [
    `--etcd-servers=${settings.etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${settings.port}`,
    ...(settings.minor < NO_INSECURE_PORTS ? ['--insecure-port=0'] : []),
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=Node,RBAC',
    `--tls-cert-file=${certificates.server.certFile}`,
    `--tls-private-key-file=${certificates.server.keyFile}`,
    `--client-ca-file=${certificates.ca.certFile}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-signing-key-file=${certificates.tokenSigningKeyFile}`,
    `--service-account-key-file=${certificates.tokenKeyFile}`,
    `--requestheader-client-ca-file=${certificates.frontProxyCa.certFile}`,
    `--requestheader-allowed-names=${settings.frontProxyName}`,
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-username-headers=X-Remote-User',
    `--proxy-client-cert-file=${certificates.frontProxy.certFile}`,
    `--proxy-client-key-file=${certificates.frontProxy.keyFile}`,
    '--enable-aggregator-routing=false',
    ...featureGates(settings.minor),
  ];
}

function featureGates(minor: number): readonly string[] {
  return minor < CONTAINER_METRICS ? ['--feature-gates=HPAContainerMetrics=true'] : [];
}

export interface ControllerManagerSettings {
  readonly minor: number;
  readonly port: number;
  readonly kubeconfig: string;
  readonly certificates: ControlPlaneCertificates;
}

/** The command line of kube-controller-manager, with an autoscaler that scales within seconds. */
export function controllerManagerFlags(settings: ControllerManagerSettings): readonly string[] {
  const { kubeconfig, certificates } = settings;
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${settings.port}`,
    ...(settings.minor < NO_INSECURE_PORTS ? ['--port=0'] : []),
    `--tls-cert-file=${certificates.server.certFile}`,
    `--tls-private-key-file=${certificates.server.keyFile}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${certificates.tokenSigningKeyFile}`,
    `--root-ca-file=${certificates.ca.certFile}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--horizontal-pod-autoscaler-sync-period=2s',
    '--horizontal-pod-autoscaler-downscale-stabilization=5s',
    '--horizontal-pod-autoscaler-initial-readiness-delay=1s',
    '--horizontal-pod-autoscaler-cpu-initialization-period=1s',
    ...featureGates(settings.minor),
  ];
}
