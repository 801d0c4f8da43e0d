import type { Token } from './tokens.ts';

/** Words before a `(` that are no function's name. In any case: `SUM (x)` is a sum. */
const GRAMMAR_WORDS: ReadonlySet<string> = new Set([
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk'],
  ...['count_values', 'quantile', 'limitk', 'limit_ratio'],
  ...['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'by', 'without', 'on', 'ignoring'],
  ...['group_left', 'group_right', 'fill', 'fill_left', 'fill_right'],
  ...['start', 'end', 'step', 'range'],
]);

const OPERATOR_WORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2', 'bool']);

/** The smaller or larger of two durations; the spelling changed between versions of Prometheus. */
const DURATION_CHOICES: ReadonlySet<string> = new Set(['min', 'max', 'min_of', 'max_of']);

/** A function that the grammar knows, and the shortest of them. */
const ANY_FUNCTION = 'ln';

/**
 * A query rewritten for the grammar, character for character in the same place, so that an offset
 * in the outcome is one in the query.
 *
 * The grammar of `@prometheus-io/lezer-promql` serves an editor. It lists the functions of one
 * version of Prometheus by name, and it does not know all forms of what Prometheus itself takes:
 * numbers like `0X1F` and `1.`, a metric called `offset`, a carriage return that ends a comment.
 * Here those are put in words that it knows. Which functions there are is checked afterwards.
 */
export function grammarText(text: string, tokens: readonly Token[]): string {
  let rewritten = '';
  let position = 0;
  let isInChoice = false;
  for (const [i, token] of tokens.entries()) {
    isInChoice = token.inRange && (isInChoice || isDurationChoice(token));
    rewritten += text.slice(position, token.from).replaceAll('\r', '\n');
    rewritten += isInChoice ? rewriteChoice(token) : rewrite(token, tokens[i - 1], tokens[i + 1]);
    position = token.to;
  }
  return rewritten + text.slice(position).replaceAll('\r', '\n');
}

function rewrite(token: Token, previous: Token | undefined, next: Token | undefined): string {
  const width = token.text.length;
  if (token.kind === 'number') {
    return token.text.startsWith('.') ? `.${'1'.repeat(width - 1)}` : '1'.repeat(width);
  }
  if (token.kind !== 'word') {
    return token.text;
  }
  if (token.text.toLowerCase() === 'offset') {
    return isOffsetModifier(previous, next) ? token.text : '_'.repeat(width);
  }
  return isFunctionName(token, next) ? ANY_FUNCTION.padEnd(width) : token.text;
}

/** `min(1m, 2m)` becomes `(1m+ 2m)`. */
function rewriteChoice(token: Token): string {
  if (isDurationChoice(token)) {
    return ' '.repeat(token.text.length);
  }
  return token.text === ',' ? '+' : token.text;
}

function isDurationChoice(token: Token): boolean {
  return DURATION_CHOICES.has(token.text.toLowerCase());
}

function isFunctionName(token: Token, next: Token | undefined): boolean {
  return (
    next?.text === '(' &&
    token.text.length >= ANY_FUNCTION.length &&
    !token.inRange &&
    !GRAMMAR_WORDS.has(token.text.toLowerCase())
  );
}

/** Whether the word `offset` shifts what is before it; else it is a metric of that name. */
function isOffsetModifier(previous: Token | undefined, next: Token | undefined): boolean {
  if (next?.kind === 'number' || next?.kind === 'duration') {
    return true;
  }
  const mayBeAmount = next?.kind !== 'symbol' || ['+', '-', '('].includes(next.text);
  return mayBeAmount && endsOperand(previous);
}

function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) {
    return false;
  }
  return token.kind === 'symbol'
    ? [')', ']', '}'].includes(token.text)
    : !OPERATOR_WORDS.has(token.text.toLowerCase());
}
