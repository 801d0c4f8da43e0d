import type { GroupVersionKind } from './api-type.ts';

/** A path of the server, as OpenAPI describes it; all of them are read with GET. */
export interface ApiPath {
  /** Parameters are in braces. */
  readonly path: string;
  /** The descriptions of the parameters in the path, by name. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: readonly QueryParameter[];
  readonly description: string;
  /** Unique among all paths. */
  readonly operationId: string;
  readonly tag: string;
  readonly produces: readonly string[];
  /** The name of the type of the answer. */
  readonly answer: string;
  /** For objects of an API: their kind. */
  readonly kind?: GroupVersionKind;
}

export interface QueryParameter {
  readonly name: string;
  readonly description: string;
}

/** The part of an operationId for a name: `custom.metrics.k8s.io` -> `CustomMetricsK8sIo`. */
export function operationName(text: string): string {
  return text.replaceAll(/(?:^|[^a-z0-9])([a-z0-9])/gi, (_, first: string) => first.toUpperCase());
}
