import { dump } from 'js-yaml';
import { type ApiMessages, serverMessages } from '../protobuf/api-messages.ts';
import { encodeApiObject } from '../protobuf/api-object.ts';
import { notConvertible } from '../status.ts';
import { JSON_TYPE, type ObjectMediaType, PROTOBUF_TYPE, YAML_TYPE } from './negotiation.ts';

/** In characters of JSON. Writing YAML takes a hundred times as long, and blocks the event loop. */
const LARGEST_YAML = 512 * 1024;

/**
 * Writes an API object. Throws a Status 406 for one that is too large for YAML.
 *
 * @param pretty indent JSON; the other representations have one form
 * @param messages of its kind; default: those of the server's own kinds
 */
export function encode(
  object: object,
  mediaType: ObjectMediaType,
  pretty: boolean,
  messages: ApiMessages = serverMessages,
): Buffer {
  switch (mediaType) {
    case JSON_TYPE:
      return Buffer.from(JSON.stringify(object, undefined, pretty ? 2 : undefined));
    case YAML_TYPE:
      return Buffer.from(toYaml(object));
    case PROTOBUF_TYPE:
      return encodeApiObject(object, messages);
  }
}

/**
 * Throws a Status 406 for an object that is too large for YAML.
 *
 * @param length of its JSON, in characters
 */
export function rejectLargeYaml(length: number): void {
  if (length <= LARGEST_YAML) return;
  throw notConvertible(
    `the answer is too large for ${YAML_TYPE}: expected at most ${LARGEST_YAML} characters of JSON, got ${length}; ask for ${JSON_TYPE}`,
  );
}

/** As sigs.k8s.io/yaml: from JSON, with sorted keys. */
function toYaml(object: object): string {
  const json = JSON.stringify(object);
  rejectLargeYaml(json.length);
  return dump(sortKeys(fromJson(json)), {
    seqNoIndent: true,
    quoteStyle: 'double',
    lineWidth: -1,
    noRefs: true,
  });
}

export function fromJson(json: string): object {
  const plain: object = JSON.parse(json);
  return plain;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
