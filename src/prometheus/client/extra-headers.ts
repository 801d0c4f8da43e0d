import { validateHeaderName, validateHeaderValue } from 'node:http';
import { PrometheusOptionsError } from '../errors.ts';

/** Header names in lower case, each with its values in their order. */
export type ExtraHeaders = ReadonlyMap<string, readonly string[]>;

/** What the HTTP client writes itself, by the request it sends. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
]);

/**
 * @param entries `Name=value`, the value may be empty; a name may come several times
 * @throws PrometheusOptionsError naming the entry by its number, not by its value
 */
export function parseExtraHeaders(entries: readonly string[]): ExtraHeaders {
  const headers = new Map<string, string[]>();
  for (const [index, entry] of entries.entries()) {
    const [name = '', ...rest] = entry.split('=');
    const value = rest.join('=');
    checkHeader(`headers[${index}]`, name, value);
    const values = headers.get(name.toLowerCase());
    if (values === undefined) {
      headers.set(name.toLowerCase(), [value]);
    } else {
      values.push(value);
    }
  }
  return headers;
}

function checkHeader(place: string, name: string, value: string): void {
  try {
    validateHeaderName(name);
  } catch {
    throw new PrometheusOptionsError(place, 'expected Name=value with the name of an HTTP header');
  }
  try {
    validateHeaderValue(name, value);
  } catch {
    throw new PrometheusOptionsError(
      place,
      `the value for ${name} has characters that no header can hold`,
    );
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw new PrometheusOptionsError(place, `${name} is set by the HTTP client itself`);
  }
}
