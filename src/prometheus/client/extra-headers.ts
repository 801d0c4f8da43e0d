import { validateHeaderName, validateHeaderValue } from 'node:http';
import { PrometheusOptionsError } from '../errors.ts';

/** The values of each header in order, by its name in lower case. */
export type ExtraHeaders = ReadonlyMap<string, readonly string[]>;

/** Headers that the HTTP client sets. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'transfer-encoding',
]);

/**
 * @param entries `Name=value`, the value can be empty; a name can occur several times
 * @throws PrometheusOptionsError with the index of the entry, not its value
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
      `the value of ${name} has characters that are not allowed in a header`,
    );
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw new PrometheusOptionsError(place, `${name} is set by the HTTP client itself`);
  }
}
