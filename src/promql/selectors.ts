import { rememberTexts } from '../text/text-memo.ts';
import { childNamed, type PromqlNode } from './syntax/fold.ts';
import type { LabelMatcher, MatchOperator } from './syntax/matcher.ts';
import { LAST_QUERIES, nameAt, parsePromql } from './syntax/parse.ts';
import { unquote } from './syntax/unquote.ts';

/** A vector selector of a query, e.g. `up{job="a"}`. */
export interface VectorSelector {
  /** The name in `up{…}` or `{"up",…}`, but not in `{__name__="up"}`. */
  readonly name?: string;
  /** The matchers between the braces, in order. A second quoted name is a matcher for `__name__`. */
  readonly matchers: readonly LabelMatcher[];
  /** Where it starts in the query, in UTF-16 units. */
  readonly offset: number;
}

/**
 * The vector selectors of a query in the order of the text.
 *
 * @param text a query. If it has syntax faults, the result has the selectors that can be recognized.
 */
export const vectorSelectors: (text: string) => readonly VectorSelector[] = rememberTexts(
  findSelectors,
  LAST_QUERIES,
);

function findSelectors(text: string): readonly VectorSelector[] {
  const selectors: VectorSelector[] = [];
  parsePromql(text).tree.iterate({
    enter: (node) => {
      if (node.name === 'VectorSelector') {
        selectors.push(readSelector(text, node.node));
      }
    },
  });
  return selectors;
}

/** Converts the node `VectorSelector` of the tree of a query. */
export function readSelector(text: string, node: PromqlNode): VectorSelector {
  const identifier = childNamed(node, 'Identifier');
  let name = identifier === null ? undefined : nameAt(text, identifier.from);
  const matchers: LabelMatcher[] = [];
  for (const part of partsBetweenBraces(node)) {
    if (part.name !== 'QuotedLabelName') {
      const matcher = readMatcher(text, part);
      if (matcher !== undefined) matchers.push(matcher);
      continue;
    }
    const quoted = textOf(text, part);
    // The empty name selects series without a name, as the matcher `__name__=""` does.
    if (name === undefined && quoted !== '') name = quoted;
    else matchers.push({ name: '__name__', operator: '=', value: quoted });
  }
  return { ...(name !== undefined && { name }), matchers, offset: node.from };
}

/** The nodes of the label matchers of a `VectorSelector`, in order. */
export function matcherNodes(selector: PromqlNode): readonly PromqlNode[] {
  return partsBetweenBraces(selector).filter(({ name }) => name !== 'QuotedLabelName');
}

/** Label matchers and quoted metric names, in order. */
function partsBetweenBraces(selector: PromqlNode): readonly PromqlNode[] {
  const nodes: PromqlNode[] = [];
  for (
    let node = childNamed(selector, 'LabelMatchers')?.firstChild ?? null;
    node !== null;
    node = node.nextSibling
  ) {
    if (BETWEEN_BRACES.has(node.name)) nodes.push(node);
  }
  return nodes;
}

const BETWEEN_BRACES: ReadonlySet<string> = new Set([
  'UnquotedLabelMatcher',
  'QuotedLabelMatcher',
  'QuotedLabelName',
]);

/** Converts the node of a label matcher; undefined if it is incomplete because of a syntax fault. */
export function readMatcher(text: string, node: PromqlNode): LabelMatcher | undefined {
  const name = childNamed(node, 'LabelName');
  const quotedName = childNamed(node, 'QuotedLabelName');
  const operator = childNamed(node, 'MatchOp');
  const value = childNamed(node, 'StringLiteral');
  const operatorText = operator && text.slice(operator.from, operator.to);
  if (!value || !isMatchOperator(operatorText) || (!name && !quotedName)) {
    return undefined;
  }
  return {
    name: name ? text.slice(name.from, name.to) : textOf(text, quotedName),
    operator: operatorText,
    value: textOf(text, value),
  };
}

function isMatchOperator(text: string | null): text is MatchOperator {
  return text === '=' || text === '!=' || text === '=~' || text === '!~';
}

function textOf(text: string, literal: PromqlNode | null): string {
  return literal === null ? '' : (unquote(text.slice(literal.from, literal.to)).text ?? '');
}
