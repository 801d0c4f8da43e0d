/** Pods or nodes were asked for where there is no cluster that has any. */
export class NoClusterError extends Error {
  override readonly name = 'NoClusterError';

  constructor() {
    super(
      '--standalone knows no pods and nodes: metrics.k8s.io needs a cluster (--lister-kubeconfig)',
    );
  }
}

/**
 * Pods and nodes without a cluster, for `--standalone`: there are none to be known of. What labels
 * samples have says neither which pods run nor what labels they have, so nothing is made up.
 */
export const standaloneObjectMetadata = {
  /** @throws {NoClusterError} always */
  list(): Promise<never> {
    return Promise.reject(new NoClusterError());
  },
};
