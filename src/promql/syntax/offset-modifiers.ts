import type { Token } from './tokens.ts';

const OPERATOR_WORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);

/** Words between an operator and its right operand. */
const BEFORE_OPERAND: ReadonlySet<string> = new Set([
  ...['bool', 'on', 'ignoring', 'group_left', 'group_right'],
]);

/** The same, followed by a number in parentheses; otherwise they are metric names. */
const FILLING: ReadonlySet<string> = new Set(['fill', 'fill_left', 'fill_right']);

const CLOSING: ReadonlySet<string> = new Set([')', ']', '}']);

/**
 * The indexes of the tokens `offset` that are modifiers. As an operand, `offset` is a metric name; between braces
 * or in a list of labels it is a label.
 */
export function offsetModifiers(tokens: readonly Token[]): ReadonlySet<number> {
  const modifiers = new Set<number>();
  /** For each open bracket, whether an operand is expected after it is closed. */
  const open: boolean[] = [];
  let isOperandExpected = true;
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== 'symbol') {
      const word = kind === 'word' ? text.toLowerCase() : '';
      if (word === 'offset' && !isOperandExpected) modifiers.add(i);
      isOperandExpected = isOperandExpected
        ? isBeforeOperand(word, tokens[i + 1])
        : OPERATOR_WORDS.has(word);
    } else if (CLOSING.has(text)) {
      isOperandExpected = open.pop() ?? false;
    } else {
      if (text === '(')
        open.push(isBeforeOperand(tokens[i - 1]?.text.toLowerCase() ?? '', { text }));
      if (text === '[' || text === '{') open.push(false);
      isOperandExpected = true;
    }
  }
  return modifiers;
}

function isBeforeOperand(word: string, next: Pick<Token, 'text'> | undefined): boolean {
  return BEFORE_OPERAND.has(word) || (FILLING.has(word) && next?.text === '(');
}
