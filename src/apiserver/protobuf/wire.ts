/**
 * Writes the wire format of Protocol Buffers.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export interface WireWriter {
  /** A field of type string, or of bytes. */
  bytes(field: number, value: string | Uint8Array): void;
  /** A field of type int32, int64 (within the 64 bits) or bool (0 and 1). */
  varint(field: number, value: bigint): void;
  /** A field that is a message, which `write` writes. */
  message(field: number, write: (writer: WireWriter) => void): void;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** What `write` writes. */
export function writeMessage(write: (writer: WireWriter) => void): Buffer {
  const parts: Uint8Array[] = [];
  write(writerTo(parts));
  return Buffer.concat(parts);
}

function writerTo(parts: Uint8Array[]): WireWriter {
  const delimited = (field: number, bytes: Uint8Array): void => {
    parts.push(tag(field, LENGTH_DELIMITED), varintBytes(BigInt(bytes.length)), bytes);
  };
  return {
    bytes: (field, value) =>
      delimited(field, typeof value === 'string' ? Buffer.from(value, 'utf8') : value),
    varint: (field, value) => parts.push(tag(field, VARINT), varintBytes(value)),
    message: (field, write) => delimited(field, writeMessage(write)),
  };
}

function tag(field: number, wireType: number): Uint8Array {
  return varintBytes(BigInt(field * 8 + wireType));
}

/** Seven bits a byte, the lowest first; a negative number as its two's complement of 64 bits. */
function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
