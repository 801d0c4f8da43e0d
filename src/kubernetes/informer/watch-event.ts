import { fieldOf } from '../field.ts';
import { KubernetesError, kindOfStatus } from '../kubernetes-error.ts';
import {
  type ObjectMetadata,
  parseObjectMetadata,
  resourceVersionOf,
} from '../objects/object-metadata.ts';

/** A change of a resource's objects. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: ObjectMetadata }
  /** Nothing has changed up to this version. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * Reads one line of a watch (metav1.WatchEvent).
 *
 * @param what names the watch in errors.
 * @throws {KubernetesError} what an ERROR event says, `gone` above all; `bad_answer` for a line that
 *   is no event.
 */
export function parseWatchEvent(line: string, what: string): WatchEvent {
  const event = parseJson(line, what);
  const type = fieldOf(event, 'type');
  const object = fieldOf(event, 'object');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      const metadata = parseObjectMetadata(object);
      if (metadata === undefined) throw garbage(what, line);
      return { type, object: metadata };
    }
    case 'BOOKMARK':
      return { type, resourceVersion: resourceVersionOf(object) };
    case 'ERROR':
      throw failureOf(object, what);
    default:
      throw garbage(what, line);
  }
}

function parseJson(line: string, what: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw garbage(what, line);
  }
}

function garbage(what: string, line: string): KubernetesError {
  const beginning = line.length > 100 ? `${line.slice(0, 100)}...` : line;
  return new KubernetesError('bad_answer', `${what}: expected an event, got: ${beginning}`);
}

/** Of a metav1.Status. */
function failureOf(status: unknown, what: string): KubernetesError {
  const code = fieldOf(status, 'code');
  const message = fieldOf(status, 'message');
  const isStatus = typeof code === 'number' && Number.isInteger(code) && code >= 400;
  return new KubernetesError(
    isStatus ? kindOfStatus(code) : 'bad_answer',
    `${what}: the API server ended it: ${typeof message === 'string' ? message : 'no reason given'}`,
    isStatus ? { status: code } : {},
  );
}
