import { parseGoDuration } from '../../apimachinery/go-duration.ts';
import type { WireWriter } from './wire.ts';

/** The wire type of a field. */
export type FieldType =
  | 'string'
  | 'integer'
  | 'boolean'
  /** A map from strings to strings. */
  | 'string map'
  /** A string that is a message with the string as its only field (resource.Quantity). */
  | 'quantity'
  /** A map from strings to such messages. */
  | 'quantity map'
  /** A string like `1m30s` that is a message with nanoseconds as its only field (metav1.Duration). */
  | 'duration'
  /** An RFC 3339 string that is a message with seconds and nanoseconds (metav1.Time). */
  | 'time'
  /** A list of strings that is a message with the strings as its only field (metav1.Verbs). */
  | 'string list message'
  | MessageType;

export interface Field {
  readonly number: number;
  readonly type: FieldType;
  /** The value is a list. */
  readonly repeated?: boolean;
}

/**
 * A message: writes an object in JSON form, field by field. Null and undefined values are left out, as
 * are fields that the message does not have.
 *
 * Throws a TypeError naming the field for a value that is not of its type.
 */
export type MessageType = (writer: WireWriter, object: JsonObject) => void;

type JsonObject = Readonly<Record<string, unknown>>;

/** @param fields in the order of their numbers, in which they are written */
export function messageType(fields: Readonly<Record<string, Field>>): MessageType {
  const list = Object.entries(fields).map(([name, field]) => ({ name, write: fieldWriter(field) }));
  return (writer, object) => {
    for (const { name, write } of list) {
      const value = object[name];
      if (value !== undefined && value !== null) write(writer, name, value);
    }
  };
}

/** Writes the value of a field. The name is for errors. */
type FieldWriter = (writer: WireWriter, name: string, value: unknown) => void;

function fieldWriter({ number, type, repeated = false }: Field): FieldWriter {
  const write: ValueWriter =
    typeof type === 'string'
      ? valueWriters[type]
      : (writer, name, at, value) => {
          const message = writer.open(at);
          type(writer, asObject(name, value));
          writer.close(message);
        };
  if (!repeated) return (writer, name, value) => write(writer, name, number, value);
  return (writer, name, value) => {
    for (const item of asList(name, value)) write(writer, name, number, item);
  };
}

type ValueWriter = (writer: WireWriter, name: string, number: number, value: unknown) => void;

/** A message with one field. */
function wrapped(write: ValueWriter): ValueWriter {
  return (writer, name, number, value) => {
    const message = writer.open(number);
    write(writer, name, 1, value);
    writer.close(message);
  };
}

const writeText: ValueWriter = (writer, name, number, value) =>
  writer.bytes(number, asText(name, value));

const writeQuantity = wrapped(writeText);

const valueWriters: Readonly<Record<Exclude<FieldType, MessageType>, ValueWriter>> = {
  string: writeText,
  integer: (writer, name, number, value) => writer.varint(number, asInteger(name, value)),
  boolean: (writer, name, number, value) => writer.varint(number, asBoolean(name, value) ? 1 : 0),
  quantity: writeQuantity,
  duration: wrapped((writer, name, number, value) =>
    writer.varint(number, nanoseconds(name, value)),
  ),
  time: writeTime,
  'string list message': wrapped((writer, name, number, value) => {
    for (const text of asList(name, value)) writer.bytes(number, asText(name, text));
  }),
  'string map': mapWriter(writeText),
  'quantity map': mapWriter(writeQuantity),
};

/** A map is a list of messages with a key and a value, sorted by key so that equal maps are equal bytes. */
function mapWriter(writeValue: ValueWriter): ValueWriter {
  return (writer, name, number, map) => {
    const entries = Object.entries(asObject(name, map)).sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, value] of entries) {
      const entry = writer.open(number);
      writer.bytes(1, key);
      writeValue(writer, `${name}.${key}`, 2, value);
      writer.close(entry);
    }
  };
}

function nanoseconds(name: string, value: unknown): bigint {
  return BigInt(Math.round(parseGoDuration(asText(name, value)) * 1e6));
}

function writeTime(writer: WireWriter, name: string, number: number, value: unknown): void {
  const text = asText(name, value);
  if (text !== lastTime.text) lastTime = { text, seconds: secondsOf(name, text) };
  const message = writer.open(number);
  writer.varint(1, lastTime.seconds);
  writer.varint(2, 0);
  writer.close(message);
}

/** Most times of an object are equal. */
let lastTime = { text: '1970-01-01T00:00:00Z', seconds: 0 };

function secondsOf(name: string, text: string): number {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw wrongType(name, 'an RFC 3339 time');
  return Math.floor(milliseconds / 1000);
}

function asText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'a string');
  return value;
}

function asInteger(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wrongType(name, 'an integer');
}

function asBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false');
  return value;
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(name, 'a list');
  return value;
}

function asObject(name: string, value: unknown): JsonObject {
  if (!isObject(value)) throw wrongType(name, 'an object');
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(name: string, expected: string): TypeError {
  return new TypeError(`${name} cannot be written as protobuf: expected ${expected}`);
}
