import { dump } from 'js-yaml';
import { JSON_TYPE, type ObjectMediaType, PROTOBUF_TYPE, YAML_TYPE } from './negotiation.ts';
import { encodeApiObject } from './protobuf/api-object.ts';

/**
 * Writes an API object.
 *
 * @param pretty indent JSON; the other representations have one form
 */
export function encode(object: object, mediaType: ObjectMediaType, pretty: boolean): Buffer {
  switch (mediaType) {
    case JSON_TYPE:
      return Buffer.from(JSON.stringify(object, undefined, pretty ? 2 : undefined));
    case YAML_TYPE:
      return Buffer.from(toYaml(object));
    case PROTOBUF_TYPE:
      return encodeApiObject(object);
  }
}

/** As sigs.k8s.io/yaml does it: by way of JSON, with sorted keys. */
function toYaml(object: object): string {
  const plain: unknown = JSON.parse(JSON.stringify(object));
  return dump(sortKeys(plain), {
    seqNoIndent: true,
    quoteStyle: 'double',
    lineWidth: -1,
    noRefs: true,
  });
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
