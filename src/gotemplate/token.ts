import { goQuote } from '../text/quote.ts';

/** The delimiters of actions. Neither may be empty. */
export interface Delimiters {
  readonly left: string;
  readonly right: string;
}

/** The delimiters of a rules file. Go's default, `{{` and `}}`, would conflict with the braces of PromQL. */
export const ANGLE_DELIMITERS: Delimiters = { left: '<<', right: '>>' };

/** A token of a template. */
export interface Token {
  readonly kind: TokenKind;
  /** As written in the text; for `error`, the message. */
  readonly text: string;
  /** The start, in UTF-16 units. */
  readonly offset: number;
}

export type TokenKind = Keyword | OtherKind;

type OtherKind =
  | 'error'
  | 'eof'
  | 'text'
  | 'leftDelimiter'
  | 'rightDelimiter'
  | 'space'
  | 'pipe'
  | 'assign'
  | 'declare'
  | 'leftParen'
  | 'rightParen'
  | 'character'
  | 'bool'
  | 'characterConstant'
  | 'number'
  | 'complex'
  | 'string'
  | 'rawString'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot';

const KEYWORDS = [
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
] as const;

export type Keyword = (typeof KEYWORDS)[number];

const KEYWORD_BY_TEXT: ReadonlyMap<string, Keyword> = new Map(
  KEYWORDS.map((keyword) => [keyword, keyword]),
);

export function keywordOf(word: string): Keyword | undefined {
  return KEYWORD_BY_TEXT.get(word);
}

const LONGEST_SHOWN = 10;

/** A token in an error message. */
export function describeToken(token: Token): string {
  if (token.kind === 'eof') {
    return 'EOF';
  }
  if (token.kind === 'dot' || KEYWORD_BY_TEXT.has(token.kind)) {
    return `<${token.text}>`;
  }
  const characters = [...token.text];
  return characters.length > LONGEST_SHOWN
    ? `${goQuote(characters.slice(0, LONGEST_SHOWN).join(''))}...`
    : goQuote(token.text);
}
