import type { IncomingHttpHeaders } from 'node:http';
import { noRepresentation, notAcceptable } from '../status.ts';
import { type MediaRange, parseAccept } from './accept.ts';

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** The media types of API objects. */
export const objectMediaTypes = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE] as const;

export type ObjectMediaType = (typeof objectMediaTypes)[number];

/** A kind that a client wants an answer converted to (`as`, `v` and `g` in its Accept header). */
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
  // Their router checks first, and does not support `application/*`.
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
