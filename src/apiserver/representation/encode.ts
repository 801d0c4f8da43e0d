import { dump } from 'js-yaml';
import { type ApiMessages, serverMessages } from '../protobuf/api-messages.ts';
import { encodeApiList, encodeApiObject } from '../protobuf/api-object.ts';
import { notConvertible } from '../status.ts';
import { LongList } from './long-list.ts';
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
    `the answer is too large for ${YAML_TYPE}: expected at most ${LARGEST_YAML} characters of JSON, got ${length}; request ${JSON_TYPE} instead`,
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

function fromJson(json: string): object {
  const plain: object = JSON.parse(json);
  return plain;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** In characters. Shorter strings are collected with the other short-lived objects. */
const PIECE = 16 * 1024;

/** In characters. Copying longer ones as bytes costs less than writing them as text. */
const SHORT_TEXT = 512;

/** The number of list items that are written as protobuf without a pause. */
const BATCH = 20;

/** A part of the encoded object; text is to be written as UTF-8. */
export type Piece = string | Buffer;

/**
 * Writes an API object one of whose fields is a {@link LongList}. Throws a Status 406 for one that is
 * too large for YAML.
 *
 * @returns the pieces of the output of `encode`, some of them empty. Each takes at most a millisecond.
 *   Undefined if no field is a long list.
 */
export function encodeInPieces(
  object: object,
  mediaType: ObjectMediaType,
  pretty: boolean,
  messages: ApiMessages = serverMessages,
): Iterable<Piece> | undefined {
  const fields: readonly (readonly [string, unknown])[] = Object.entries(object);
  for (const [name, list] of fields) {
    if (!(list instanceof LongList)) continue;
    switch (mediaType) {
      case JSON_TYPE:
        return jsonPieces(fields, list, pretty);
      case YAML_TYPE:
        return yamlPieces(fields, list);
      case PROTOBUF_TYPE:
        return encodeApiList({ ...object, [name]: [] }, name, batches(list), messages);
    }
  }
  return undefined;
}

function* jsonPieces(
  fields: readonly (readonly [string, unknown])[],
  list: LongList<unknown>,
  pretty: boolean,
): Generator<Piece> {
  let text = '';
  for (const part of jsonParts(fields, list, pretty)) {
    if (typeof part === 'string') {
      text += part;
      if (text.length < PIECE) continue;
      yield text;
    } else {
      yield text;
      yield part;
    }
    text = '';
  }
  yield text;
}

/** Like JSON.stringify, indented by two spaces per level if `pretty`. */
function* jsonParts(
  fields: readonly (readonly [string, unknown])[],
  list: LongList<unknown>,
  pretty: boolean,
): Generator<Piece> {
  const [line, colon] = pretty ? ['\n  ', ': '] : ['', ':'];
  let before = `{${line}`;
  for (const [name, value] of fields) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(name)}${colon}`;
    if (value === list) yield* jsonItems(list, pretty);
    else yield indented(value, 1, pretty);
    before = `,${line}`;
  }
  yield pretty ? '\n}' : '}';
}

function* jsonItems(list: LongList<unknown>, pretty: boolean): Generator<Piece> {
  const line = pretty ? '\n    ' : '';
  const fieldText = fieldTexts(pretty);
  let isEmpty = true;
  for (const item of list) {
    yield `${isEmpty ? '[' : ','}${line}`;
    yield* itemParts(item, fieldText, pretty);
    isEmpty = false;
  }
  if (isEmpty) yield '[]';
  else yield pretty ? '\n  ]' : ']';
}

/** Writes an item as `indented` does. */
function* itemParts(
  item: object,
  fieldText: (name: string, value: unknown) => Piece,
  pretty: boolean,
): Generator<Piece> {
  const [line, colon, end] = pretty ? ['\n      ', ': ', '\n    }'] : ['', ':', '}'];
  const fields: readonly (readonly [string, unknown])[] = Object.entries(item);
  let text = '{';
  let isEmpty = true;
  for (const [name, value] of fields) {
    if (value === undefined) continue;
    text += `${isEmpty ? '' : ','}${line}${JSON.stringify(name)}${colon}`;
    isEmpty = false;
    const part = fieldText(name, value);
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    yield text;
    yield part;
    text = '';
  }
  yield isEmpty ? '{}' : `${text}${end}`;
}

/**
 * Writes the fields of items. Items share objects, such as the metric with its selector of some
 * kilobytes: an object that the previous item had in the same field is not written again as JSON, and
 * a long one is encoded as UTF-8 once.
 */
function fieldTexts(pretty: boolean): (name: string, value: unknown) => Piece {
  const last = new Map<string, { readonly value: object; text: Piece }>();
  return (name, value) => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const known = last.get(name);
    if (known?.value === value) {
      const { text } = known;
      if (typeof text === 'string' && text.length > SHORT_TEXT) known.text = Buffer.from(text);
      return known.text;
    }
    const text = indented(value, 3, pretty);
    last.set(name, { value, text });
    return text;
  };
}

/** JSON strings never contain a literal line break. */
function indented(value: unknown, level: number, pretty: boolean): string {
  if (!pretty) return JSON.stringify(value);
  return JSON.stringify(value, undefined, 2).replaceAll('\n', `\n${'  '.repeat(level)}`);
}

function* yamlPieces(
  fields: readonly (readonly [string, unknown])[],
  list: LongList<unknown>,
): Generator<Buffer> {
  let json = '';
  for (const part of jsonParts(fields, list, false)) {
    json += part.toString();
    rejectLargeYaml(json.length);
  }
  yield encode(fromJson(json), YAML_TYPE, false);
}

function* batches(list: LongList<unknown>): Generator<readonly object[]> {
  let batch: object[] = [];
  for (const item of list) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
