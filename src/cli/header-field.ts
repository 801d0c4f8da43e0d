import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Reading } from './flag.ts';

/** A header of an HTTP request. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Reads `Name=value`; the value may be empty and may hold more equals signs. */
export function headerField(text: string): Reading<HeaderField> {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const value = at < 0 ? '' : text.slice(at + 1);
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return { value: { name, value } };
  } catch {
    return { expected: 'Name=value, a header of HTTP' };
  }
}

/** The name alone: values of headers are often secrets. */
export function withoutHeaderValue(text: string): string {
  return text.replace(/=.*/su, '=…');
}
