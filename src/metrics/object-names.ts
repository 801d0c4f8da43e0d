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
