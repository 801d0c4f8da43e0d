/** An API group of this server and its versions, the preferred one first. */
export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly string[];
}

export const customMetricsGroup: ApiGroup = {
  name: 'custom.metrics.k8s.io',
  versions: ['v1beta2', 'v1beta1'],
};

export const externalMetricsGroup: ApiGroup = {
  name: 'external.metrics.k8s.io',
  versions: ['v1beta1'],
};

export const resourceMetricsGroup: ApiGroup = {
  name: 'metrics.k8s.io',
  versions: ['v1beta1'],
};
