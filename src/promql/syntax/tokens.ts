import { parseDuration } from './duration.ts';
import type { PromqlFault } from './fault.ts';
import { endOfLiteral, unquote } from './unquote.ts';

export type TokenKind = 'word' | 'number' | 'duration' | 'string' | 'symbol' | 'invalid';

/** A token of a query. White space and comments are not tokens. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Inside `[ ]`, as part of a range or step. */
  readonly inRange: boolean;
}

const BLANK = /(?:[ \t\n\r]+|#[^\r\n]*)+/y;
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** Inside `[ ]`, a colon separates range and step. */
const RANGE_WORD = /[a-zA-Z_][a-zA-Z0-9_]*/y;
/** Inside `[ ]`, after the range, Prometheus parses a single letter as a colon. */
const LETTER_FOR_COLON = /[a-zA-Z_](?![a-zA-Z_])/y;
const NUMERIC = /0[xX][0-9a-zA-Z_.]*|\.?[0-9](?:[0-9a-zA-Z_.]|(?<=[0-9.][eE])[+-])*/y;
const SYMBOL = /==|=~|!=|!~|<=|>=|<\/|>\/|[-+*/%^=<>@(){}[\],:]/y;

const NUMBER =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|(?:[0-9](?:_?[0-9])*(?:\.(?:[0-9](?:_?[0-9])*)?)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?)$/;
const DURATION_SHAPE = /^(?:[0-9]+(?:ms|[smhdwy]))+$/;

/**
 * Splits a query into tokens by the rules of Prometheus' lexer.
 *
 * @returns the tokens in order, and a fault for each invalid one: an unclosed string or an invalid escape, an invalid
 *   number or duration, an unknown character
 */
export function tokenize(text: string): {
  readonly tokens: readonly Token[];
  readonly faults: readonly PromqlFault[];
} {
  const tokens: Token[] = [];
  const faults: PromqlFault[] = [];
  let position = match(BLANK, text, 0).length;
  let inRange = false;
  let isBeforeRange = false;
  while (position < text.length) {
    const isAfterRange = inRange && tokens.at(-1)?.text !== '[';
    const token = tokenAt(text, position, inRange, isAfterRange);
    inRange = token.text === '[' || (inRange && token.text !== ']');
    isBeforeRange = token.text === '[' || (isBeforeRange && /^[-+(]$/.test(token.text));
    tokens.push(token);
    const blank = match(BLANK, text, token.to);
    const fault = faultOf(token) ?? (isBeforeRange ? commentFault(token, blank) : undefined);
    if (fault !== undefined) {
      faults.push(fault);
    }
    position = token.to + blank.length;
  }
  return { tokens, faults };
}

function tokenAt(text: string, from: number, inRange: boolean, isAfterRange: boolean): Token {
  const { kind, length } =
    isAfterRange && match(LETTER_FOR_COLON, text, from) !== ''
      ? { kind: 'symbol' as const, length: 1 }
      : recognize(text, from, inRange);
  const to = from + length;
  return { kind, text: text.slice(from, to), from, to, inRange };
}

function recognize(
  text: string,
  from: number,
  inRange: boolean,
): { kind: TokenKind; length: number } {
  if (/["'`]/.test(text.charAt(from))) {
    return { kind: 'string', length: endOfLiteral(text, from) - from };
  }
  const word = match(inRange ? RANGE_WORD : WORD, text, from);
  if (word !== '') {
    return { kind: 'word', length: word.length };
  }
  const numeric = match(NUMERIC, text, from);
  if (numeric !== '') {
    return { kind: numericKind(numeric), length: numeric.length };
  }
  const symbol = match(SYMBOL, text, from);
  if (symbol !== '') {
    return { kind: 'symbol', length: symbol.length };
  }
  return { kind: 'invalid', length: (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1 };
}

function numericKind(text: string): TokenKind {
  if (DURATION_SHAPE.test(text)) {
    return 'duration';
  }
  return NUMBER.test(text) ? 'number' : 'invalid';
}

function match(pattern: RegExp, text: string, from: number): string {
  pattern.lastIndex = from;
  return pattern.exec(text)?.[0] ?? '';
}

function faultOf(token: Token): PromqlFault | undefined {
  if (token.kind === 'string') {
    const { fault } = unquote(token.text);
    return fault && { ...fault, offset: token.from + fault.offset, end: token.from + fault.end };
  }
  const message = messageFor(token);
  return message === undefined ? undefined : { offset: token.from, end: token.to, message };
}

/** From `[` to the first duration or number, Prometheus skips white space only. */
function commentFault({ to }: Token, blank: string): PromqlFault | undefined {
  const start = blank.indexOf('#');
  if (start === -1) return undefined;
  const message = 'a comment is not allowed between `[` and the duration';
  return { offset: to + start, end: to + start + 1, message };
}

function messageFor({ kind, text }: Token): string | undefined {
  if (kind === 'duration' && parseDuration(text) === undefined) {
    return `\`${text}\` is not a duration: each unit may occur once, in the order y w d h m s ms (as in \`1h30m\`), up to 292 years in all`;
  }
  if (kind === 'number' && !isInBounds(text)) {
    return /^0x/i.test(text)
      ? `\`${text}\` is too large: a hexadecimal number must be less than 2^63`
      : `\`${text}\` is too large: a number must be less than 1.8e308`;
  }
  if (kind !== 'invalid') {
    return undefined;
  }
  if (/^[0-9.]/.test(text)) {
    return `\`${text}\` is neither a number nor a duration (such as \`5m\`)`;
  }
  const hint = HINTS.get(text);
  return `unexpected character ${visible(text)}${hint === undefined ? '' : `: ${hint}`}`;
}

/** Prometheus parses hexadecimal numbers as 64-bit integers, others as 64-bit floating point. */
function isInBounds(number: string): boolean {
  const digits = number.replaceAll('_', '');
  return /^0x/i.test(digits)
    ? /^0x0*(?:[0-7]?[0-9a-f]{0,15})$/i.test(digits)
    : Number.isFinite(Number(digits));
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['&', 'expected `and`'],
  ['|', 'expected `or`'],
  ['!', 'expected `!=` or `!~`'],
  [
    '$',
    'variables such as `$__rate_interval` are expanded by Grafana; Prometheus has no variables',
  ],
  [';', 'a query is one expression'],
]);

/** A character in a form that is visible and not misleading. */
function visible(character: string): string {
  const codePoint = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return /^[!-~]$/.test(character) ? `\`${character}\`` : `U+${codePoint}`;
}
