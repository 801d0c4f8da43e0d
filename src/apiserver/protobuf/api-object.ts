import { apiMessages } from './api-messages.ts';
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
  const { apiVersion = 'v1', kind, ...fields }: Readonly<Record<string, unknown>> = { ...object };
  const writeFields = apiMessages.get(`${apiVersion}/${kind}`);
  if (writeFields === undefined) {
    throw new TypeError(`no protobuf message for ${apiVersion}/${kind}`);
  }
  return writeMessage((writer) => {
    const typeMeta = writer.open(1);
    writer.bytes(1, String(apiVersion));
    writer.bytes(2, String(kind));
    writer.close(typeMeta);
    const raw = writer.open(2);
    writeFields(writer, fields);
    writer.close(raw);
    writer.bytes(3, '');
    writer.bytes(4, '');
  }, magic);
}
