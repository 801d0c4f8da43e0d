/**
 * Where an API server is and as whom to speak to it, in the terms of @kubernetes/client-node's
 * Cluster and User. All paths are absolute.
 */
export interface ClusterAccess {
  /** What to call this configuration in messages, e.g. the kubeconfig file. */
  readonly source: string;
  readonly cluster: {
    readonly name: string;
    /** URL without a slash at the end. */
    readonly server: string;
    readonly caFile: string | undefined;
    /** Base64, as all `...Data` here. */
    readonly caData: string | undefined;
    readonly skipTLSVerify: boolean;
    readonly tlsServerName: string | undefined;
    readonly proxyUrl: string | undefined;
  };
  readonly user: {
    readonly name: string;
    readonly certFile: string | undefined;
    readonly certData: string | undefined;
    readonly keyFile: string | undefined;
    readonly keyData: string | undefined;
    readonly token: string | undefined;
    readonly username: string | undefined;
    readonly password: string | undefined;
    readonly impersonateUser: string | undefined;
    readonly authProvider: Readonly<Record<string, unknown>> | undefined;
    readonly exec: Readonly<Record<string, unknown>> | undefined;
  };
}

/** There is no way to a cluster: the kubeconfig or the pod's service account is missing or wrong. */
export class ClusterAccessError extends Error {
  override readonly name = 'ClusterAccessError';
}

/** What client-node calls a user whose bearer token stands in a file that changes. */
export function tokenFileProvider(tokenFile: string): Readonly<Record<string, unknown>> {
  return { name: 'tokenFile', config: { tokenFile } };
}
