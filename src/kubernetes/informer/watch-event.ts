import { fieldOf } from '../field.ts';
import { KubernetesError, kindOfStatus } from '../kubernetes-error.ts';
import { type ObjectFormat, resourceVersionOf } from './object-format.ts';

/** A change of an object, or a new version without changes. */
export type WatchEvent<Item> =
  | {
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly item: Item;
      /** Empty if the object has none. */
      readonly resourceVersion: string;
    }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/**
 * Parses a line of a watch (metav1.WatchEvent).
 *
 * @param what names the watch in errors
 * @throws {KubernetesError} the error of an ERROR event, usually `gone`; `bad_answer` for any other
 *   line that is not an event
 */
export function parseWatchEvent<Item>(
  line: string,
  { parse }: Pick<ObjectFormat<Item>, 'parse'>,
  what: string,
): WatchEvent<Item> {
  const event = parseJson(line, what);
  const type = fieldOf(event, 'type');
  const object = fieldOf(event, 'object');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED': {
      const item = parse(object);
      if (item === undefined) throw notAnEvent(what, line);
      return { type, item, resourceVersion: resourceVersionOf(object) };
    }
    case 'BOOKMARK':
      return { type, resourceVersion: resourceVersionOf(object) };
    case 'ERROR':
      throw errorOfStatus(object, what);
    default:
      throw notAnEvent(what, line);
  }
}

function parseJson(line: string, what: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notAnEvent(what, line);
  }
}

function notAnEvent(what: string, line: string): KubernetesError {
  const beginning = line.length > 100 ? `${line.slice(0, 100)}...` : line;
  return new KubernetesError('bad_answer', `${what}: expected an event, got: ${beginning}`);
}

/** @param status a metav1.Status */
function errorOfStatus(status: unknown, what: string): KubernetesError {
  const code = fieldOf(status, 'code');
  const message = fieldOf(status, 'message');
  const isStatus = typeof code === 'number' && Number.isInteger(code) && code >= 400;
  return new KubernetesError(
    isStatus ? kindOfStatus(code) : 'bad_answer',
    `${what}: the API server ended it: ${typeof message === 'string' ? message : 'no reason given'}`,
    isStatus ? { status: code } : {},
  );
}
