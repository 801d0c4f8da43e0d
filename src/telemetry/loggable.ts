import { errorText } from './error-text.ts';
import { isSecretName, REDACTED, withoutSecrets } from './redaction.ts';

/** A JSON value without secrets. */
export type Loggable =
  | string
  | number
  | boolean
  | null
  | readonly Loggable[]
  | { readonly [name: string]: Loggable };

const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT_LENGTH = 8192;

/**
 * Converts the fields of an entry. Secrets are redacted, by the name of the field and by their form. Values
 * that are too long, too deep or circular are truncated. Errors are converted to text. Never throws.
 */
export function toLoggableFields(fields: object): Readonly<Record<string, Loggable>> {
  try {
    return members(Object.entries(fields), 0);
  } catch (error) {
    // A getter has thrown.
    return { fields: `(not loggable: ${truncated(errorText(error))})` };
  }
}

/** Redacts secrets and truncates long text. */
export function toLoggableText(text: string): string {
  return truncated(text);
}

function convert(value: unknown, depth: number): Loggable {
  if (typeof value === 'string') return truncated(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null) return value;
  return typeof value === 'object' ? convertObject(value, depth) : String(value);
}

function convertObject(value: object, depth: number): Loggable {
  if (value instanceof Error) return truncated(errorText(value));
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  }
  if (value instanceof URL) return truncated(value.href);
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`;
  if (depth === MAX_DEPTH) return '(…)';
  if (Array.isArray(value) || value instanceof Set) return items([...value], depth);
  return members(value instanceof Map ? [...value] : Object.entries(value), depth);
}

function items(values: readonly unknown[], depth: number): Loggable {
  const shown = values.slice(0, MAX_ITEMS).map((item) => convert(item, depth + 1));
  const more = values.length - shown.length;
  return more > 0 ? [...shown, `(${more} more)`] : shown;
}

function members(
  entries: readonly (readonly [unknown, unknown])[],
  depth: number,
): Readonly<Record<string, Loggable>> {
  const shown = entries
    .filter(([, value]) => value !== undefined && typeof value !== 'function')
    .slice(0, MAX_ITEMS)
    .map(([key, value]): [string, Loggable] => {
      const name = truncated(String(key));
      if (isSecretName(name)) return [name, REDACTED];
      return [name, convert(rounded(name, value), depth + 1)];
    });
  return Object.fromEntries(shown);
}

/** The unit by the end of the name. */
const DURATION_UNITS: readonly (readonly [name: RegExp, milliseconds: number])[] = [
  [/seconds$/i, 0.001],
  [/(ms|milliseconds)$/i, 1],
];

/** Rounds durations to milliseconds, and those below 100 ms to three digits. */
function rounded(name: string, value: unknown): unknown {
  const [, millisecond] = DURATION_UNITS.find(([ending]) => ending.test(name)) ?? [];
  if (millisecond === undefined || typeof value !== 'number' || !Number.isFinite(value))
    return value;
  const milliseconds = value / millisecond;
  if (Math.abs(milliseconds) < 100) return Number(value.toPrecision(3));
  // A multiplication would add digits.
  return millisecond === 1 ? Math.round(value) : Math.round(milliseconds) / 1000;
}

function truncated(text: string): string {
  const safe = withoutSecrets(
    text.length > 2 * MAX_TEXT_LENGTH ? text.slice(0, 2 * MAX_TEXT_LENGTH) : text,
  );
  const more = text.length - MAX_TEXT_LENGTH;
  return more > 0 ? `${safe.slice(0, MAX_TEXT_LENGTH)}… (${more} more characters)` : safe;
}
