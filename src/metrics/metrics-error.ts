import { echoedText } from '../text/shorten.ts';

export type MetricsErrorReason = 'NotFound' | 'BadRequest' | 'InternalError';

/**
 * The failure of a request for metrics. The message is for the client and has no internal details; the cause
 * has them, for the log.
 */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
  readonly reason: MetricsErrorReason;

  constructor(reason: MetricsErrorReason, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/** No such metric for this kind of object. */
export function metricNotFound(metric: string, resource: string, cause?: unknown): MetricsError {
  return new MetricsError(
    'NotFound',
    `the server could not find the metric ${echoedText(metric)} for ${echoedText(resource)}`,
    { cause },
  );
}

/** The metric exists, but has no sample for this object. */
export function metricNotFoundFor(metric: string, resource: string, name: string): MetricsError {
  return metricNotFound(metric, `${resource} ${name}`);
}

/** The object does not exist, or has no metrics. The message has the format of the Kubernetes API. */
export class ObjectNotFoundError extends Error {
  override readonly name = 'ObjectNotFoundError';
  /** Empty for the core group. */
  readonly group: string;
  /** The resource, e.g. `pods`. */
  readonly kind: string;
  readonly objectName: string;

  constructor(group: string, kind: string, objectName: string) {
    const qualified = group === '' ? kind : `${kind}.${group}`;
    const name = echoedText(objectName);
    super(`${qualified} ${JSON.stringify(name)} not found`);
    this.group = group;
    this.kind = kind;
    this.objectName = name;
  }
}
