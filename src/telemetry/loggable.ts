import { errorText } from './error-text.ts';
import { isSecretName, REDACTED, withoutSecrets } from './redaction.ts';

/** A value as it can be written to the log: plain JSON, without secrets. */
export type Loggable =
  | string
  | number
  | boolean
  | null
  | readonly Loggable[]
  | { readonly [name: string]: Loggable };

const DEEPEST = 6;
const MOST_ITEMS = 100;
const LONGEST_TEXT = 8192;

/**
 * Makes the fields of an entry loggable. Secrets are left out, by the names of fields and by their
 * form; what is too long, too deep or circular is cut; an error becomes its text. Never throws.
 */
export function toLoggableFields(fields: object): Readonly<Record<string, Loggable>> {
  try {
    return members(Object.entries(fields), 0);
  } catch (error) {
    // A getter of someone else's object failed; logging must go on.
    return { fields: `(not loggable: ${clipped(errorText(error))})` };
  }
}

/** A text for the log: without secrets, and cut where it is too long. */
export function toLoggableText(text: string): string {
  return clipped(text);
}

function convert(value: unknown, depth: number): Loggable {
  if (typeof value === 'string') {
    return clipped(value);
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value : String(value);
  }
  if (typeof value === 'boolean' || value === null) {
    return value;
  }
  return typeof value === 'object' ? convertObject(value, depth) : String(value);
}

function convertObject(value: object, depth: number): Loggable {
  if (value instanceof Error) {
    return clipped(errorText(value));
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  }
  if (value instanceof URL) {
    return clipped(value.href);
  }
  if (ArrayBuffer.isView(value)) {
    return `(${value.byteLength} bytes)`;
  }
  if (depth === DEEPEST) {
    return '(…)';
  }
  if (Array.isArray(value) || value instanceof Set) {
    return items([...value], depth);
  }
  return members(value instanceof Map ? [...value] : Object.entries(value), depth);
}

function items(values: readonly unknown[], depth: number): Loggable {
  const shown = values.slice(0, MOST_ITEMS).map((item) => convert(item, depth + 1));
  const more = values.length - shown.length;
  return more > 0 ? [...shown, `(${more} more)`] : shown;
}

function members(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
): Readonly<Record<string, Loggable>> {
  const shown = entries
    .filter(([, value]) => value !== undefined && typeof value !== 'function')
    .slice(0, MOST_ITEMS)
    .map(([key, value]): [string, Loggable] => {
      const name = clipped(String(key));
      if (isSecretName(name)) return [name, REDACTED];
      return [name, convert(rounded(name, value), depth + 1)];
    });
  return Object.fromEntries(shown);
}

/** In seconds and in milliseconds. */
const DURATIONS: readonly (readonly [name: RegExp, milliseconds: number])[] = [
  [/seconds$/i, 0.001],
  [/(ms|milliseconds)$/i, 1],
];

/** Rounds durations to milliseconds, those shorter than 100 ms to three digits. */
function rounded(name: string, value: unknown): unknown {
  const [, millisecond] = DURATIONS.find(([ending]) => ending.test(name)) ?? [];
  if (millisecond === undefined || typeof value !== 'number' || !Number.isFinite(value))
    return value;
  const milliseconds = value / millisecond;
  if (Math.abs(milliseconds) < 100) return Number(value.toPrecision(3));
  // Not by multiplication, which would add digits.
  return millisecond === 1 ? Math.round(value) : Math.round(milliseconds) / 1000;
}

function clipped(text: string): string {
  const safe = withoutSecrets(
    text.length > 2 * LONGEST_TEXT ? text.slice(0, 2 * LONGEST_TEXT) : text,
  );
  const more = text.length - LONGEST_TEXT;
  return more > 0 ? `${safe.slice(0, LONGEST_TEXT)}… (${more} more characters)` : safe;
}
