/**
 * The address of an API server and the credentials for it, as Cluster and User of
 * @kubernetes/client-node. All paths are absolute.
 */
export interface ClusterAccess {
  /** The name of this configuration in messages, e.g. the kubeconfig file. */
  readonly source: string;
  readonly cluster: {
    readonly name: string;
    /** URL without a trailing slash. */
    readonly server: string;
    readonly caFile: string | undefined;
    /** Base64, as all `...Data` fields. */
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

/** The kubeconfig or the service account of the pod is missing or invalid. */
export class ClusterAccessError extends Error {
  override readonly name = 'ClusterAccessError';
}

/** The auth provider of client-node for a bearer token in a file that changes. */
export function tokenFileProvider(tokenFile: string): Readonly<Record<string, unknown>> {
  return { name: 'tokenFile', config: { tokenFile } };
}
