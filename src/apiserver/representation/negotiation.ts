import type { IncomingHttpHeaders } from 'node:http';
import { noRepresentation, notAcceptable } from '../status.ts';
import { type MediaRange, parseAccept } from './accept.ts';

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** How an API object can be written. */
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
  /** How its outcome can be written; absent: in all ways. */
  readonly mediaTypes?: readonly ObjectMediaType[];
}

/** What an endpoint can answer with. */
export interface Offer {
  /** Representations besides those of objects, which are only named where nothing fits. */
  readonly alsoProduces: readonly string[];
  readonly conversions: readonly OfferedConversion[];
}

/** What is answered with. */
export interface Negotiated {
  readonly mediaType: ObjectMediaType;
  readonly conversion: Conversion | undefined;
}

/** The discovery documents. */
export const discoveryOffer: Offer = { alsoProduces: [], conversions: [] };

/**
 * Chooses how an API object is written, as Kubernetes' servers do: what the client likes best of
 * what there is. Throws a Status 406 where that is nothing.
 *
 * @param accept the Accept header; undefined or empty: anything
 */
export function negotiate(accept: string | undefined, offer: Offer): Negotiated {
  if (accept === undefined || accept.trim() === '') {
    return { mediaType: JSON_TYPE, conversion: undefined };
  }
  const ranges = parseAccept(accept);
  // Their router looks first, and knows no `application/*`.
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

/** How an error is written: as the client likes it, else as JSON. */
export function negotiateError(accept: string | undefined): ObjectMediaType {
  try {
    return negotiate(accept, discoveryOffer).mediaType;
  } catch {
    return JSON_TYPE;
  }
}

/** Whether a document that there is in one representation only is acceptable. */
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
