import { parser } from '@prometheus-io/lezer-promql';
import type { PromqlTree } from './fold.ts';

const strictParser = parser.configure({ strict: true });

/** Determines by trial which tokens the grammar accepts at a place of a query. */
const OPERANDS = [
  { probe: 'time(', description: 'an expression' },
  { probe: 'x', description: 'a label name' },
  { probe: '"x"', description: 'a string' },
  { probe: '5m', description: 'a duration or number' },
] as const;

const SYMBOLS = [
  { probe: '(', description: '`(`' },
  { probe: '=', description: '`=`, `!=`, `=~`, `!~`' },
  { probe: ':', description: '`:`' },
  { probe: ',', description: '`,`' },
  { probe: ')', description: '`)`' },
  { probe: ']', description: '`]`' },
  { probe: '}', description: '`}`' },
] as const;

/** The result of the grammar: a tree, or the offset of the first error. */
export type StrictParse =
  | { readonly tree: PromqlTree; readonly stoppedAt?: never }
  | { readonly stoppedAt: number; readonly tree?: never };

/** Parses without error recovery. */
export function parseStrictly(text: string): StrictParse {
  const parse = strictParser.startParse(text);
  try {
    let tree = parse.advance();
    while (tree === null) {
      tree = parse.advance();
    }
    return { tree };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { stoppedAt: parse.parsedPos };
    }
    throw error;
  }
}

/**
 * A description of the tokens that the grammar accepts after a valid beginning, for a message, e.g.
 * `['`,`', '`)`', 'an operator']`.
 */
export function expectedAfter(prefix: string): readonly string[] {
  const isTaken = (probe: string): boolean => takes(prefix, probe);
  const operand = OPERANDS.find(({ probe }) => isTaken(probe));
  const symbols = SYMBOLS.filter(
    // An expression includes those that start with `(` or with the colon of a metric name.
    ({ probe }) => (operand === undefined || !['(', ':'].includes(probe)) && isTaken(probe),
  ).map(({ description }) => description);
  const isOperandComplete = operand === undefined && isTaken('*') && !symbols.includes('`]`');
  const isComplete = parseStrictly(prefix).stoppedAt === undefined;
  return [
    ...(operand === undefined ? [] : [operand.description]),
    ...symbols,
    ...(isOperandComplete ? ['an operator'] : []),
    ...(isComplete ? ['the end of the query'] : []),
  ];
}

function takes(prefix: string, probe: string): boolean {
  const probed = `${prefix} ${probe}`;
  const { stoppedAt } = parseStrictly(probed);
  return stoppedAt === undefined || stoppedAt >= probed.length;
}
