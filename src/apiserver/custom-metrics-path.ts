import { badRequest, resourceNotFound } from './status.ts';

/** What a path below `/apis/custom.metrics.k8s.io/<version>` asks for. */
export interface CustomMetricsPath {
  readonly resource: string;
  readonly namespace: string | undefined;
  /** `*` for all that match the selector. */
  readonly name: string;
  readonly metric: string;
}

/**
 * Reads the path of a request for a custom metric. Throws a Status 404 for one of another form.
 *
 * @param segments those after the version
 */
export function parseCustomMetricsPath(segments: readonly string[]): CustomMetricsPath {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = segments;
  if (segments.length === 3) {
    // "namespaces/<ns>/<anything>" is a list of a namespaced resource, which nothing here is.
    if (first === 'namespaces') throw badRequest('invalid request path');
    return { resource: first, namespace: undefined, name: second || '*', metric: third };
  }
  if (first !== 'namespaces') throw resourceNotFound();
  if (segments.length === 4 && third === 'metrics') {
    return { resource: 'namespaces', namespace: undefined, name: second || '*', metric: fourth };
  }
  if (segments.length === 5) {
    // An empty namespace is none, and never "all namespaces".
    const namespace = second === '' ? undefined : second;
    return { resource: third, namespace, name: fourth || '*', metric: fifth };
  }
  throw resourceNotFound();
}
