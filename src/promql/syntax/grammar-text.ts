import type { CalculatedOffset } from '../checks/calculated-offset.ts';
import type { Token } from './tokens.ts';

/** Words before a `(` that are not function names, in upper or lower case: `SUM (x)` is a sum. */
const GRAMMAR_WORDS: ReadonlySet<string> = new Set([
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk'],
  ...['count_values', 'quantile', 'limitk', 'limit_ratio'],
  ...['and', 'or', 'unless', 'atan2', 'bool', 'offset', 'by', 'without', 'on', 'ignoring'],
  ...['group_left', 'group_right', 'fill', 'fill_left', 'fill_right'],
  ...['start', 'end', 'step', 'range'],
]);

/**
 * The minimum or maximum of two durations in some releases of Prometheus. The grammar has the later names `min_of`
 * and `max_of`.
 */
const DURATION_CHOICES: ReadonlySet<string> = new Set(['min', 'max']);

/** Words before a list of labels. */
const BEFORE_LABELS: ReadonlySet<string> = new Set([
  ...['by', 'without', 'on', 'ignoring', 'group_left', 'group_right'],
]);

/** The function of the grammar with the shortest name. */
const ANY_FUNCTION = 'ln';

/**
 * Rewrites a query for the grammar and keeps the offsets of all characters.
 *
 * The grammar of `@prometheus-io/lezer-promql` is made for an editor. It has the function names of one version of
 * Prometheus, and lacks some forms that Prometheus accepts: numbers such as `0X1F` and `1.`, a metric named
 * `offset`, a carriage return that ends a comment. They are replaced by equivalent forms of the grammar. A
 * calculated offset becomes one long number, since the grammar does not find its end. Function names are checked
 * later.
 *
 * @param modifiers the indexes of the tokens `offset` that are a modifier
 * @param calculated the amounts of some of them
 */
export function grammarText(
  text: string,
  tokens: readonly Token[],
  modifiers: ReadonlySet<number>,
  calculated: readonly CalculatedOffset[],
): string {
  const choices = durationChoices(tokens);
  const amounts = new Map(calculated.map((amount) => [amount.first, amount]));
  let rewritten = '';
  let position = 0;
  let isInLabels = false;
  for (const [i, token] of tokens.entries()) {
    if (token.from < position) continue;
    isInLabels = opensLabels(tokens[i - 1], token) || (isInLabels && token.text !== ')');
    rewritten += text.slice(position, token.from).replaceAll('\r', '\n');
    position = tokens[amounts.get(i)?.last ?? i]?.to ?? token.to;
    if (amounts.has(i)) rewritten += `.${'1'.repeat(position - token.from - 1)}`;
    else if (isInLabels) rewritten += token.text.replaceAll(':', '_');
    else rewritten += choices.get(i) ?? rewrite(token, tokens[i + 1], modifiers.has(i));
  }
  return rewritten + text.slice(position).replaceAll('\r', '\n');
}

function rewrite(token: Token, next: Token | undefined, isModifier: boolean): string {
  const width = token.text.length;
  if (token.kind === 'number') {
    return token.text.startsWith('.') ? `.${'1'.repeat(width - 1)}` : '1'.repeat(width);
  }
  if (token.kind !== 'word') {
    return isLetterForColon(token) ? ':' : token.text;
  }
  if (token.text.toLowerCase() === 'offset') {
    return isModifier ? token.text : '_'.repeat(width);
  }
  return isFunctionName(token, next) ? ANY_FUNCTION.padEnd(width) : token.text;
}

/** See `tokenize`: Prometheus' lexer reads `[5m x]` as `[5m :]`. */
function isLetterForColon({ kind, text }: Token): boolean {
  return kind === 'symbol' && /^[a-zA-Z_]$/.test(text);
}

/** The replacements of tokens that turn `min(1m, 2m)` into `(1m+ 2m)`, by index. */
function durationChoices(tokens: readonly Token[]): ReadonlyMap<number, string> {
  const rewritten = new Map<number, string>();
  for (const [i, token] of tokens.entries()) {
    if (!token.inRange || !DURATION_CHOICES.has(token.text.toLowerCase())) continue;
    const commas = commasOfCall(tokens, i + 1);
    const [comma] = commas;
    if (comma === undefined || commas.length > 1 || !endsOperand(tokens[comma - 1])) continue;
    rewritten.set(i, ' '.repeat(token.text.length));
    rewritten.set(comma, '+');
  }
  return rewritten;
}

function endsOperand(token: Token | undefined): boolean {
  return token !== undefined && (token.kind !== 'symbol' || token.text === ')');
}

/** The indexes of the commas between the arguments of a call; none if there is no call. */
function commasOfCall(tokens: readonly Token[], opening: number): readonly number[] {
  const commas: number[] = [];
  let depth = 0;
  for (let i = opening; tokens[i]?.inRange; i += 1) {
    const written = tokens[i]?.text;
    if (written === '(') depth += 1;
    if (written === ')') depth -= 1;
    if (depth === 0) return commas;
    if (written === ',' && depth === 1) commas.push(i);
  }
  return [];
}

function opensLabels(previous: Token | undefined, token: Token): boolean {
  return (
    token.text === '(' &&
    previous?.kind === 'word' &&
    BEFORE_LABELS.has(previous.text.toLowerCase())
  );
}

function isFunctionName(token: Token, next: Token | undefined): boolean {
  return (
    next?.text === '(' &&
    token.text.length >= ANY_FUNCTION.length &&
    !token.inRange &&
    !GRAMMAR_WORDS.has(token.text.toLowerCase())
  );
}
