import type { ApiMessages } from './api-messages.ts';
import { type WireWriter, writeMessage } from './wire.ts';

/** The prefix of Kubernetes' protobuf objects. */
const magic = Buffer.from('k8s\0', 'latin1');

/**
 * Writes an API object as `application/vnd.kubernetes.protobuf`: a prefix of four bytes, then a
 * runtime.Unknown (k8s.io/apimachinery/pkg/runtime/generated.proto) with the type and the message.
 *
 * Throws a TypeError for a kind that has no message.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
export function encodeApiObject(object: object, messages: ApiMessages): Buffer {
  const { typeMeta, fields, writeFields } = messageOf(object, messages);
  return writeMessage((writer) => {
    writeTypeMeta(writer, typeMeta);
    const raw = writer.open(2);
    writeFields(writer, fields);
    writer.close(raw);
    writeEnd(writer);
  }, magic);
}

/**
 * Writes the same in pieces: an object with a long list, which is its last field.
 *
 * @param object without the list
 * @param name of the field
 * @param batches the items of the list
 */
export function* encodeApiList(
  object: object,
  name: string,
  batches: Iterable<readonly object[]>,
  messages: ApiMessages,
): Generator<Buffer> {
  const { typeMeta, fields, writeFields } = messageOf(object, messages);
  const pieces = [writeMessage((writer) => writeFields(writer, fields))];
  for (const items of batches) {
    const piece = writeMessage((writer) => writeFields(writer, { [name]: items }));
    pieces.push(piece);
    // The length is written first, so there is no output yet; the caller can pause.
    yield nothing;
  }
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  yield writeMessage((writer) => {
    writeTypeMeta(writer, typeMeta);
    writer.begin(2, length);
  }, magic);
  yield* pieces;
  yield writeMessage(writeEnd);
}

const nothing = Buffer.alloc(0);

interface TypeMeta {
  readonly apiVersion: string;
  readonly kind: string;
}

function messageOf(object: object, messages: ApiMessages) {
  // Kubernetes' own servers omit the apiVersion of an APIGroupList in JSON, but not in protobuf.
  const { apiVersion = 'v1', kind, ...fields }: Readonly<Record<string, unknown>> = { ...object };
  const writeFields = messages.get(`${apiVersion}/${kind}`);
  if (writeFields === undefined) {
    throw new TypeError(`no protobuf message for ${apiVersion}/${kind}`);
  }
  return {
    typeMeta: { apiVersion: String(apiVersion), kind: String(kind) },
    fields,
    writeFields,
  };
}

function writeTypeMeta(writer: WireWriter, { apiVersion, kind }: TypeMeta): void {
  const typeMeta = writer.open(1);
  writer.bytes(1, apiVersion);
  writer.bytes(2, kind);
  writer.close(typeMeta);
}

function writeEnd(writer: WireWriter): void {
  writer.bytes(3, '');
  writer.bytes(4, '');
}
