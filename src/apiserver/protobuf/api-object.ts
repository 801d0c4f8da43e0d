import { apiMessages } from './api-messages.ts';
import { encodeMessage } from './message-type.ts';
import { writeMessage } from './wire.ts';

/** How Kubernetes' protobuf objects begin. */
const magic = Buffer.from('k8s\0', 'latin1');

/**
 * Writes an API object as `application/vnd.kubernetes.protobuf`: four bytes to know it by, then a
 * runtime.Unknown (k8s.io/apimachinery/pkg/runtime/generated.proto) with the type and the message.
 *
 * Throws a TypeError for a kind that has no message here.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
export function encodeApiObject(object: object): Buffer {
  // Kubernetes' own servers write an APIGroupList without its apiVersion in JSON, though not here.
  const { apiVersion = 'v1', kind }: { apiVersion?: unknown; kind?: unknown } = object;
  const type = apiMessages.get(`${apiVersion}/${kind}`);
  if (type === undefined) throw new TypeError(`no protobuf message for ${apiVersion}/${kind}`);
  const raw = encodeMessage(type, object);
  const unknown = writeMessage((writer) => {
    writer.message(1, (typeMeta) => {
      typeMeta.bytes(1, String(apiVersion));
      typeMeta.bytes(2, String(kind));
    });
    writer.bytes(2, raw);
    writer.bytes(3, '');
    writer.bytes(4, '');
  });
  return Buffer.concat([magic, unknown]);
}
