/**
 * Writes the wire format of Protocol Buffers.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export interface WireWriter {
  /** A field of type string, or of bytes. */
  bytes(field: number, value: string | Uint8Array): void;
  /** A field of type int32, int64 or bool (0 and 1): a safe integer, or a bigint within 64 bits. */
  varint(field: number, value: number | bigint): void;
  /** Begins a field that is a message. The fields written until it is closed are its fields. */
  open(field: number): OpenMessage;
  /** Ends the message that was begun last. */
  close(message: OpenMessage): void;
  /** Begins a field with a message of this length, which the caller appends. */
  begin(field: number, length: number): void;
}

/** The offset at which a message that is not closed yet begins. */
export type OpenMessage = number;

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** The maximum length of a varint, in bytes. */
const LONGEST_VARINT = 10;
const FIRST_SIZE = 16 * 1024;
/** Characters of a text whose length takes one byte. */
const SHORT = 127;

/** Shared, since writing is synchronous. A buffer that has grown is not kept. */
let spare: Buffer | undefined;

/**
 * Returns what `write` writes.
 *
 * @param prefix of the result
 */
export function writeMessage(write: (writer: WireWriter) => void, prefix?: Uint8Array): Buffer {
  const buffer = spare ?? Buffer.allocUnsafeSlow(FIRST_SIZE);
  spare = undefined;
  const writer = new BufferWriter(buffer, prefix);
  write(writer);
  const written = writer.written();
  spare = buffer;
  return written;
}

/** Writes nested messages into one buffer, which grows. */
class BufferWriter implements WireWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(buffer: Buffer, prefix: Uint8Array | undefined) {
    this.#buffer = buffer;
    if (prefix === undefined) return;
    buffer.set(prefix);
    this.#length = prefix.length;
  }

  bytes(field: number, value: string | Uint8Array): void {
    this.#reserve(2 * LONGEST_VARINT + SHORT);
    this.#tag(field, LENGTH_DELIMITED);
    if (typeof value === 'string' && value.length <= SHORT && this.#shortAscii(value)) return;
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    this.#number(length);
    this.#reserve(length);
    if (typeof value === 'string') this.#buffer.write(value, this.#length);
    else this.#buffer.set(value, this.#length);
    this.#length += length;
  }

  /**
   * Writes a text with its length if it is short and ASCII, else nothing. Nearly all texts are, and
   * writing them byte by byte is faster than a call for each text.
   */
  #shortAscii(text: string): boolean {
    const buffer = this.#buffer;
    const start = this.#length + 1;
    const { length } = text;
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      buffer[start + i] = code;
    }
    buffer[this.#length] = length;
    this.#length = start + length;
    return true;
  }

  varint(field: number, value: number | bigint): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, VARINT);
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      this.#number(value);
      return;
    }
    // A negative number is its two's complement of 64 bits.
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  /** The length is known only afterwards: one byte is reserved for it, which is usually enough. */
  open(field: number): OpenMessage {
    this.#reserve(LONGEST_VARINT + 1);
    this.#tag(field, LENGTH_DELIMITED);
    this.#length += 1;
    return this.#length;
  }

  close(start: OpenMessage): void {
    const end = this.#length;
    const shift = numberSize(end - start) - 1;
    // Enough for the shift, so that writing the length does not move the buffer.
    this.#reserve(LONGEST_VARINT);
    if (shift > 0) this.#buffer.copyWithin(start + shift, start, end);
    this.#length = start - 1;
    this.#number(end - start);
    this.#length = end + shift;
  }

  begin(field: number, length: number): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, LENGTH_DELIMITED);
    this.#number(length);
  }

  /** A copy without unused bytes. */
  written(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #tag(field: number, wireType: number): void {
    this.#number(field * 8 + wireType);
  }

  /** A varint of less than 32 bits, for which there is room: seven bits per byte, the lowest first. */
  #number(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#byte((rest & 127) | 128);
      rest >>>= 7;
    }
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  /** Makes room for this many more bytes. */
  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** The length of a number of less than 32 bits as a varint, in bytes. */
function numberSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}
