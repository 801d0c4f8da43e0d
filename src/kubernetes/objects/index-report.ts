import type { KubernetesErrorKind } from '../kubernetes-error.ts';

/** What a request for objects was answered from. */
export type ObjectsSource =
  | 'index'
  /** A listing at the API server, for this request. */
  | 'listing'
  /** There was neither: the request failed. */
  | 'none';

export type ObjectListOutcome = 'success' | 'too_large' | KubernetesErrorKind;

/** How a watch ended: `ended` is by the server, as agreed upon. */
export type ObjectWatchOutcome = 'ended' | 'too_large' | KubernetesErrorKind;

/**
 * Where an index tells what it does. `resource` is as in `pods`, `deployments.apps`, or with a field
 * selector `pods?status.phase=Running`.
 */
export interface ObjectIndexReport {
  /** How many objects the index of a resource holds; undefined when there is none any more. */
  objectsIndexed(resource: string, count: number | undefined): void;
  /** A list was read, or was not, in order to fill an index. */
  objectListRead(resource: string, outcome: ObjectListOutcome, durationSeconds: number): void;
  objectWatchEnded(resource: string, outcome: ObjectWatchOutcome): void;
  objectEventReceived(resource: string, type: string): void;
  objectsAsked(resource: string, source: ObjectsSource): void;
}

/** Where the index writes what an operator should know. */
export interface ObjectIndexLog {
  info(message: string, fields?: Record<string, unknown>): unknown;
  warn(message: string, fields?: Record<string, unknown>): unknown;
}
