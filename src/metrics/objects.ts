import type { ClusterResource } from '../apimachinery/cluster-resource.ts';
import type { LabelSelector } from '../apimachinery/label-selector.ts';

/** Where the names of objects come from: the API server, or the metrics themselves. */
export interface ObjectNames {
  /** The names of the objects that match, sorted. */
  list(request: ObjectNamesRequest): Promise<readonly string[]>;
}

export interface ObjectNamesRequest {
  readonly resource: ClusterResource;
  /** Undefined for root-scoped resources. */
  readonly namespace: string | undefined;
  readonly selector: LabelSelector;
  /** The metric that the names are wanted for. */
  readonly series: {
    readonly name: string;
    readonly resourceLabel: string;
    readonly namespaceLabel: string | undefined;
  };
  readonly signal?: AbortSignal | undefined;
}

/** What is known of an object. */
export interface ObjectIdentity {
  readonly name: string;
  /** Undefined for root-scoped objects. */
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where the pods and nodes that usage is reported of come from. */
export interface ObjectMetadata {
  /**
   * The objects that match, sorted by namespace and name. Of pods, only those that run
   * (`status.phase` Running): usage of others is left over from before, or of what is not there yet.
   * None where no object can have such a name or be in such a namespace.
   */
  list(request: ObjectMetadataRequest): Promise<readonly ObjectIdentity[]>;
}

export interface ObjectMetadataRequest {
  /** Pods or nodes. */
  readonly resource: ClusterResource;
  /** Undefined for all namespaces, and for root-scoped resources. */
  readonly namespace: string | undefined;
  /** Undefined for any name. */
  readonly name: string | undefined;
  readonly selector: LabelSelector;
  readonly signal?: AbortSignal | undefined;
}
