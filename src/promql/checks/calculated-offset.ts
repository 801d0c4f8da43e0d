import type { PromqlFault } from '../syntax/fault.ts';
import type { Token } from '../syntax/tokens.ts';

const SIGNS: ReadonlySet<string> = new Set(['+', '-']);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^']);

/** The amount of an offset that Prometheus parses as a calculation. */
export interface CalculatedOffset {
  /** The indexes of its first and last token. */
  readonly first: number;
  readonly last: number;
  /** An operator is followed by a token that is not part of a duration. */
  readonly fault?: PromqlFault;
}

/**
 * The offsets that start with a parenthesis or with two signs. Prometheus parses arithmetic after
 * them as part of the amount: `x offset (5m) + 1m` is `x offset (5m + 1m)`, and `x offset (5m) + y` is rejected.
 *
 * @param modifiers the indexes of the tokens `offset`, see `offsetModifiers`
 */
export function calculatedOffsets(
  tokens: readonly Token[],
  modifiers: ReadonlySet<number>,
): readonly CalculatedOffset[] {
  return [...modifiers].flatMap((modifier) => calculatedAmount(tokens, modifier + 1) ?? []);
}

/** Undefined for a plain or an invalid amount. */
function calculatedAmount(tokens: readonly Token[], first: number): CalculatedOffset | undefined {
  if (!isCalculated(tokens, first)) return undefined;
  let depth = 0;
  let isOperandExpected = true;
  let i = first;
  for (let token = tokens[i]; token !== undefined; token = tokens[i]) {
    if (isOperandExpected) {
      if (token.text === '(') depth += 1;
      else if (isLiteral(token)) isOperandExpected = false;
      else if (!SIGNS.has(token.text)) return misplaced(tokens, first, i);
    } else if (token.text === ')' && depth > 0) {
      depth -= 1;
    } else if (ARITHMETIC.has(token.text)) {
      isOperandExpected = true;
    } else if (depth === 0 && continuesNumber(token, tokens[i - 1])) {
      return misplaced(tokens, first, i);
    } else {
      break;
    }
    i += 1;
  }
  return depth > 0 || isOperandExpected ? undefined : { first, last: i - 1 };
}

function isCalculated(tokens: readonly Token[], first: number): boolean {
  const isSigned = SIGNS.has(tokens[first]?.text ?? '');
  const next = tokens[first + (isSigned ? 1 : 0)]?.text ?? '';
  return next === '(' || (isSigned && SIGNS.has(next));
}

function isLiteral({ kind, text }: Token): boolean {
  return kind === 'number' || kind === 'duration' || /^(?:inf|nan)$/i.test(text);
}

/** Whether a token is part of the number that replaces the amount for the grammar. */
function continuesNumber({ text, from }: Token, previous: Token | undefined): boolean {
  return from === previous?.to && /^[0-9._e]/i.test(text);
}

function misplaced(
  tokens: readonly Token[],
  first: number,
  found: number,
): CalculatedOffset | undefined {
  const token = tokens[found];
  // The grammar checks functions in a duration, and invalid amounts.
  if (token === undefined || isCallInDuration(token)) return undefined;
  const message = `unexpected \`${token.text}\`: arithmetic after a calculated offset belongs to the duration, which is made of durations and numbers; put parentheses around the selector and its offset`;
  return { first, last: found, fault: { offset: token.from, end: token.to, message } };
}

function isCallInDuration({ text }: Token): boolean {
  return /^(?:step|range|min|max|min_of|max_of)$/i.test(text);
}
