import { rememberTexts } from '../../text/text-memo.ts';
import { badRequest } from '../status.ts';

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
const LONGEST = 4096;

/**
 * Parses an Accept header (RFC 9110, 12.5.1). Invalid media ranges and parameters are ignored. Throws
 * a Status 400 for a header that is too long.
 *
 * @returns the acceptable ranges by descending quality; of those with the same quality, the more
 *   specific ones first, else in their order
 */
export function parseAccept(header: string): readonly MediaRange[] {
  if (header.length <= LONGEST) return readRemembered(header);
  throw badRequest(`Accept: expected at most ${LONGEST} characters, got ${header.length}`);
}

/** Clients send few different ones. A parsed header takes sixty times the memory of its text. */
const readRemembered = rememberTexts(readAccept, { most: 100, longest: 512 });

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
