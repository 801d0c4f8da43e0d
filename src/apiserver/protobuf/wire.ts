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

/** The most bytes that a varint has. */
const LONGEST_VARINT = 10;
const FIRST_SIZE = 1024;
/** Characters of a text whose length takes one byte. */
const SHORT = 127;

/** What `write` writes. */
export function writeMessage(write: (writer: WireWriter) => void): Buffer {
  const writer = new BufferWriter();
  write(writer);
  return writer.written();
}

/** All messages in one another go into one buffer, which grows. */
class BufferWriter implements WireWriter {
  #buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;

  bytes(field: number, value: string | Uint8Array): void {
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
   * Writes a text with its length where it is ASCII, else nothing; as nearly all texts are short
   * and ASCII, one byte after the other is faster than a call for each text.
   */
  #shortAscii(text: string): boolean {
    this.#reserve(1 + SHORT);
    const buffer = this.#buffer;
    const start = this.#length + 1;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      buffer[start + i] = code;
    }
    buffer[this.#length] = text.length;
    this.#length = start + text.length;
    return true;
  }

  varint(field: number, value: bigint): void {
    this.#tag(field, VARINT);
    if (value >= 0n && value < 2n ** 31n) {
      this.#number(Number(value));
      return;
    }
    this.#reserve(LONGEST_VARINT);
    // A negative number is its two's complement of 64 bits.
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
  }

  /** Its length goes before it and is known after it: room for one byte is left, mostly enough. */
  message(field: number, write: (writer: WireWriter) => void): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#reserve(1);
    const start = this.#length + 1;
    this.#length = start;
    write(this);
    const end = this.#length;
    const shift = numberSize(end - start) - 1;
    // Enough for the shift, and so that writing the length, before the end, moves nothing.
    this.#reserve(LONGEST_VARINT);
    if (shift > 0) this.#buffer.copyWithin(start + shift, start, end);
    this.#length = start - 1;
    this.#number(end - start);
    this.#length = end + shift;
  }

  written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#number(field * 8 + wireType);
  }

  /** A varint of less than 32 bits: seven bits a byte, the lowest first. */
  #number(value: number): void {
    this.#reserve(LONGEST_VARINT);
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

  /** Makes room for so many bytes more. */
  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

/** How many bytes a number of less than 32 bits has as a varint. */
function numberSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size += 1;
  return size;
}
