import type { ClusterResource } from '../apimachinery/cluster-resource.ts';
import type { LabelSelector } from '../apimachinery/label-selector.ts';

/** Finds the names of objects, by the API server or the series of a metric. */
export interface ObjectNames {
  /**
   * The names of the objects that match, sorted.
   *
   * @throws MetricsError `BadRequest` if the request is invalid
   */
  list(request: ObjectNamesRequest): Promise<readonly string[]>;
}

export interface ObjectNamesRequest {
  readonly resource: ClusterResource;
  /** Undefined for root-scoped resources. */
  readonly namespace: string | undefined;
  readonly selector: LabelSelector;
  /** The series of the metric. */
  readonly series: {
    /** The name of the Prometheus server. Undefined: the default server. */
    readonly prometheus?: string | undefined;
    readonly name: string;
    readonly resourceLabel: string;
    readonly namespaceLabel: string | undefined;
  };
  readonly signal?: AbortSignal | undefined;
}

/** An object of the cluster. */
export interface ObjectIdentity {
  readonly name: string;
  /** Undefined for root-scoped objects. */
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** Finds the pods and nodes for resource metrics. */
export interface ObjectMetadata {
  /**
   * The objects that match, sorted by namespace and name. Pods only in the phase Running: samples of
   * others are not current. None if no object can have this name or namespace.
   *
   * @throws MetricsError `BadRequest` if the request is invalid
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
