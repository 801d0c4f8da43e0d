import type { IncomingHttpHeaders } from 'node:http';
import { rememberTexts } from '../../text/text-memo.ts';
import { badRequest, noRepresentation, notAcceptable } from '../status.ts';

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** The media types of API objects. */
export const objectMediaTypes = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE] as const;

export type ObjectMediaType = (typeof objectMediaTypes)[number];

/** A kind that a client requests an answer to be converted to (`as`, `v` and `g` in its Accept header). */
export interface Conversion {
  readonly kind: string;
  readonly group: string;
  readonly version: string;
}

/** A conversion that an endpoint can make. */
export interface OfferedConversion extends Conversion {
  /** The media types of the converted object; absent: all. */
  readonly mediaTypes?: readonly ObjectMediaType[];
}

/** What an endpoint can produce. */
export interface Offer {
  /** Other representations, which are only listed in a Status 406. */
  readonly alsoProduces: readonly string[];
  readonly conversions: readonly OfferedConversion[];
}

/** The negotiated representation. */
export interface Negotiated {
  readonly mediaType: ObjectMediaType;
  readonly conversion: Conversion | undefined;
}

/** The discovery documents. */
export const discoveryOffer: Offer = { alsoProduces: [], conversions: [] };

/**
 * Chooses the representation of an API object as Kubernetes' servers do: the one that the client
 * prefers. Throws a Status 406 if none is acceptable.
 *
 * @param accept the Accept header; undefined or empty: anything
 */
export function negotiate(accept: string | undefined, offer: Offer): Negotiated {
  if (accept === undefined || accept.trim() === '') {
    return { mediaType: JSON_TYPE, conversion: undefined };
  }
  const ranges = parseAccept(accept);
  // The router of Kubernetes' servers checks first, and does not support `application/*`.
  if (
    !ranges.some((range) => isAny(range) || objectMediaTypes.some((type) => names(range, type)))
  ) {
    throw noRepresentation([...objectMediaTypes, ...offer.alsoProduces]);
  }
  for (const range of ranges) {
    const mediaType = objectMediaTypes.find((type) => covers(range, type));
    if (mediaType === undefined) continue;
    const wanted = conversionOf(range);
    const conversion = offer.conversions.find(
      (each) => isSame(each, wanted) && (each.mediaTypes?.includes(mediaType) ?? true),
    );
    if (wanted === undefined || conversion !== undefined) return { mediaType, conversion };
  }
  throw notAcceptable(objectMediaTypes);
}

/** The media type of an error: the one that the client prefers, else JSON. */
export function negotiateError(accept: string | undefined): ObjectMediaType {
  try {
    return negotiate(accept, discoveryOffer).mediaType;
  } catch {
    return JSON_TYPE;
  }
}

/** Whether a document with a single representation is acceptable. */
export function accepts(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return parseAccept(accept).some((range) => covers(range, mediaType));
}

function isAny({ type, subtype }: MediaRange): boolean {
  return type === '*' && subtype === '*';
}

function names({ type, subtype }: MediaRange, mediaType: string): boolean {
  return `${type}/${subtype}` === mediaType;
}

function covers(range: MediaRange, mediaType: string): boolean {
  const isFamily = range.subtype === '*' && mediaType.startsWith(`${range.type}/`);
  return isAny(range) || isFamily || names(range, mediaType);
}

function conversionOf({ parameters }: MediaRange): Conversion | undefined {
  const kind = parameters.get('as') ?? '';
  if (kind === '') return undefined;
  return { kind, group: parameters.get('g') ?? '', version: parameters.get('v') ?? '' };
}

function isSame(a: Conversion, b: Conversion | undefined): boolean {
  return a.kind === b?.kind && a.group === b.group && a.version === b.version;
}

/** User agents of programs that show JSON to people. */
const INTERACTIVE_AGENTS = ['curl', 'Wget', 'Mozilla/5.0'];

/** What Go's `strconv.ParseBool` reads as true. */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];

/**
 * Whether JSON is indented: by the parameter `pretty`, else by the user agent, as in Kubernetes'
 * servers.
 */
export function isPretty(
  { headers }: { readonly headers: IncomingHttpHeaders },
  query: URLSearchParams,
): boolean {
  const pretty = query.get('pretty') ?? '';
  if (pretty !== '') return TRUE.includes(pretty);
  const userAgent = headers['user-agent'] ?? '';
  return INTERACTIVE_AGENTS.some((name) => userAgent.startsWith(name));
}

/** A media range of an Accept header, with its quality. */
export interface MediaRange {
  /** In lower case; `*` for any. */
  readonly type: string;
  /** In lower case; `*` for any. */
  readonly subtype: string;
  /** Without `q`; names in lower case, values without their quotes. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 (not acceptable) to 1. */
  readonly quality: number;
}

/** In characters: parsing one as long as all headers may be would block the event loop. */
const LONGEST_ACCEPT = 4096;

/**
 * Parses an Accept header (RFC 9110, 12.5.1). Invalid media ranges and parameters are ignored. Throws
 * a Status 400 for a header that is too long.
 *
 * @returns the acceptable ranges by descending quality; of those with the same quality, the more
 *   specific ones first, else in their order
 */
export function parseAccept(header: string): readonly MediaRange[] {
  if (header.length <= LONGEST_ACCEPT) return readCached(header);
  throw badRequest(`Accept: expected at most ${LONGEST_ACCEPT} characters, got ${header.length}`);
}

/** Clients send few different ones. A parsed header takes sixty times the memory of its text. */
const readCached = rememberTexts(readAccept, { most: 100, longest: 512 });

function readAccept(header: string): readonly MediaRange[] {
  return splitOutsideQuotes(header, ',')
    .flatMap(parseRange)
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b));
}

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

function parseRange(text: string): readonly MediaRange[] {
  const [range = '', ...rest] = splitOutsideQuotes(text, ';');
  const [type = '', subtype = '', ...more] = range.trim().toLowerCase().split('/');
  const isRange = token.test(type) && token.test(subtype) && more.length === 0;
  if (!isRange || (type === '*' && subtype !== '*')) return [];
  const parameters = new Map(rest.flatMap(parseParameter));
  const quality = qualityOf(parameters.get('q'));
  parameters.delete('q');
  return [{ type, subtype, parameters, quality }];
}

function parseParameter(text: string): readonly [string, string][] {
  const equals = text.indexOf('=');
  const name = text.slice(0, equals).trim().toLowerCase();
  if (equals < 0 || !token.test(name)) return [];
  return [[name, unquote(text.slice(equals + 1).trim())]];
}

function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
}

/** An invalid quality counts as 1, as in Kubernetes' servers. */
function qualityOf(text: string | undefined): number {
  if (text === undefined || !/^(?:\d{1,3}(?:\.\d{0,9})?|\.\d{1,9})$/.test(text)) return 1;
  return Math.min(1, Number(text));
}

function wildcards({ type, subtype }: MediaRange): number {
  return type === '*' ? 2 : subtype === '*' ? 1 : 0;
}

/** Splits at a separator that is not inside a quoted string. */
function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (quoted && character === '\\') i += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
