import type { Loggable } from './loggable.ts';

/** An entry of the log, without secrets and of limited size. */
export interface LogEntry {
  readonly time: Date;
  readonly level: 'error' | 'warn' | 'info';
  /** The level of klog; 0 for entries that are always logged. */
  readonly verbosity: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, Loggable>>;
}

export type LogFormat = 'text' | 'json';

/** The entry as one line, without a line break. */
export function logLine(format: LogFormat, entry: LogEntry): string {
  return format === 'json' ? jsonLine(entry) : textLine(entry);
}

const RESERVED_NAMES: ReadonlySet<string> = new Set(['ts', 'level', 'v', 'msg']);

/** `{"ts":"…","level":"info","v":2,"msg":"…","field":…}`; a field with one of these names gets a `_`. */
function jsonLine({ time, level, verbosity, message, fields }: LogEntry): string {
  const renamed = Object.entries(fields).map(([name, value]): [string, Loggable] => [
    RESERVED_NAMES.has(name) ? `${name}_` : name,
    value,
  ]);
  const json = JSON.stringify({
    ts: time.toISOString(),
    level,
    v: verbosity,
    msg: message,
    ...Object.fromEntries(renamed),
  });
  // JSON.stringify does not escape all of them, and a terminal may interpret them.
  return json.replaceAll(CONTROL, (character) => character.split('').map(unicodeEscape).join(''));
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** `2026-01-02T03:04:05.678Z INFO message name="value" other=5` */
function textLine({ time, level, message, fields }: LogEntry): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${key(name)}=${plainValue(value)}`);
  return [time.toISOString(), level.toUpperCase(), escaped(message), ...pairs].join(' ');
}

function key(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : escaped(JSON.stringify(name));
}

function plainValue(value: Loggable): string {
  return escaped(JSON.stringify(value));
}

/** Characters that can start a line, move the cursor or change the direction of text. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** The text on one line, so that clients cannot forge entries of the log. */
function escaped(text: string): string {
  return text.toWellFormed().replaceAll(CONTROL, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return NAMED_ESCAPES.get(character) ?? `\\u{${code}}`;
  });
}

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);
