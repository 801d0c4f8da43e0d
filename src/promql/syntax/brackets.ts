import type { Token } from './tokens.ts';

const CLOSING: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
const CLOSERS: ReadonlySet<string> = new Set(CLOSING.values());
const OPERATORS: ReadonlySet<string> = new Set(
  '+ - * / % ^ == != < > <= >= and or unless atan2 offset @'.split(' '),
);

export interface Brackets {
  /** The innermost unclosed bracket. */
  readonly unclosed?: Token;
  /**
   * The maximum depth of an expression: one level for each open bracket, and one for each operator since then in
   * the same chain, since `a + b + c` is `(a + b) + c`.
   */
  readonly depth: number;
}

/** Follows the brackets of a query. */
export function followBrackets(tokens: readonly Token[]): Brackets {
  const open: { readonly token: Token; readonly operatorsOutside: number }[] = [];
  let operators = 0;
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === 'symbol' && CLOSING.has(token.text)) {
      open.push({ token, operatorsOutside: operators });
    } else if (token.kind === 'symbol' && CLOSERS.has(token.text)) {
      operators = open.pop()?.operatorsOutside ?? operators;
    } else if (token.text === ',') {
      operators = open.at(-1)?.operatorsOutside ?? 0;
    } else if (OPERATORS.has(token.text.toLowerCase())) {
      operators += 1;
    }
    depth = Math.max(depth, open.length + operators);
  }
  const unclosed = open.at(-1)?.token;
  return unclosed === undefined ? { depth } : { unclosed, depth };
}
