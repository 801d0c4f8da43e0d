import { parseGoDuration } from '../../apimachinery/go-duration.ts';
import { type WireWriter, writeMessage } from './wire.ts';

/** How the value of a field is written. */
export type FieldType =
  | 'string'
  | 'integer'
  | 'boolean'
  /** A map from texts to texts. */
  | 'text map'
  /** A text that is a message with the text as its only field (resource.Quantity). */
  | 'quantity'
  /** A map from texts to such messages. */
  | 'quantity map'
  /** A text like `1m30s` that is a message with nanoseconds as its only field (metav1.Duration). */
  | 'duration'
  /** An RFC 3339 text that is a message with seconds and nanoseconds (metav1.Time). */
  | 'time'
  /** A list of texts that is a message with the texts as its only field (metav1.Verbs). */
  | 'text list message'
  | MessageType;

export interface Field {
  readonly number: number;
  readonly type: FieldType;
  /** The value is a list. */
  readonly repeated?: boolean;
}

/** A message: the fields of the JSON form of an object, by name. */
export type MessageType = ReadonlyMap<string, Field>;

/** @param fields in the order of their numbers, which is the order they are written in */
export function messageType(fields: Readonly<Record<string, Field>>): MessageType {
  return new Map(Object.entries(fields));
}

/**
 * Writes an object in JSON form as a message. What is null or undefined is left out, and so is a
 * field that the message does not have.
 *
 * Throws a TypeError naming the field for a value that is not of its type.
 */
export function encodeMessage(type: MessageType, object: object): Buffer {
  return writeMessage((writer) => writeFields(writer, type, object));
}

function writeFields(writer: WireWriter, type: MessageType, object: object): void {
  for (const [name, field] of type) {
    const value: unknown = Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
    if (value === undefined || value === null) continue;
    const items = field.repeated ? asList(name, value) : [value];
    for (const item of items) writeValue(writer, name, field, item);
  }
}

function writeValue(
  writer: WireWriter,
  name: string,
  { number, type }: Field,
  value: unknown,
): void {
  if (typeof type !== 'string') {
    writer.message(number, (inner) => writeFields(inner, type, asObject(name, value)));
    return;
  }
  valueWriters[type](writer, name, number, value);
}

type ValueWriter = (writer: WireWriter, name: string, number: number, value: unknown) => void;

const valueWriters: Readonly<Record<Exclude<FieldType, MessageType>, ValueWriter>> = {
  string: (writer, name, number, value) => writer.bytes(number, asText(name, value)),
  integer: (writer, name, number, value) => writer.varint(number, asInteger(name, value)),
  boolean: (writer, name, number, value) => writer.varint(number, asBoolean(name, value) ? 1n : 0n),
  quantity: (writer, name, number, value) =>
    writer.message(number, (inner) => inner.bytes(1, asText(name, value))),
  duration: (writer, name, number, value) =>
    writer.message(number, (inner) => inner.varint(1, nanoseconds(name, value))),
  time: (writer, name, number, value) =>
    writer.message(number, (inner) => writeTime(inner, name, value)),
  'text list message': (writer, name, number, value) =>
    writer.message(number, (inner) => {
      for (const text of asList(name, value)) inner.bytes(1, asText(name, text));
    }),
  'text map': writeTextMap,
  'quantity map': writeQuantityMap,
};

/** A map is a list of messages with a key and a value; sorted, so that equal maps look the same. */
function writeTextMap(writer: WireWriter, name: string, number: number, map: unknown): void {
  const entries = Object.entries(asObject(name, map)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of entries) {
    writer.message(number, (entry) => {
      entry.bytes(1, key);
      entry.bytes(2, asText(`${name}.${key}`, value));
    });
  }
}

function writeQuantityMap(writer: WireWriter, name: string, number: number, map: unknown): void {
  const entries = Object.entries(asObject(name, map)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, value] of entries) {
    writer.message(number, (entry) => {
      entry.bytes(1, key);
      entry.message(2, (quantity) => quantity.bytes(1, asText(`${name}.${key}`, value)));
    });
  }
}

function nanoseconds(name: string, value: unknown): bigint {
  return BigInt(Math.round(parseGoDuration(asText(name, value)) * 1e6));
}

function writeTime(writer: WireWriter, name: string, value: unknown): void {
  const text = asText(name, value);
  if (text !== lastTime.text) lastTime = { text, seconds: secondsOf(name, text) };
  writer.varint(1, lastTime.seconds);
  writer.varint(2, 0n);
}

/** All times of an object are the same, mostly. */
let lastTime = { text: '1970-01-01T00:00:00Z', seconds: 0n };

function secondsOf(name: string, text: string): bigint {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw wrongType(name, 'an RFC 3339 time');
  return BigInt(Math.floor(milliseconds / 1000));
}

function asText(name: string, value: unknown): string {
  if (typeof value !== 'string') throw wrongType(name, 'a text');
  return value;
}

function asInteger(name: string, value: unknown): bigint {
  if (!Number.isSafeInteger(value)) throw wrongType(name, 'an integer');
  return BigInt(Number(value));
}

function asBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false');
  return value;
}

function asList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(name, 'a list');
  return value;
}

function asObject(name: string, value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrongType(name, 'an object');
  }
  return value;
}

function wrongType(name: string, expected: string): TypeError {
  return new TypeError(`${name} cannot be written as protobuf: expected ${expected}`);
}
