/**
 * A token of a label selector. A `word` is a key, a value, or one of the operators `in` and `notin`, depending on
 * its position. The text of `end` is empty.
 */
export interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };

/** Longer symbols first, so that `==` is one token. */
const TOKEN = /[ \t\r\n]*(?:(?<symbol>==|!=|[=!(),<>])|(?<word>[^ \t\r\n=!(),<>]+))/y;

/** A reader of the tokens of a label selector. */
export interface TokenReader {
  /** The next token, without consuming it. */
  peek(): Token;
  /** Consumes and returns the next token; `end` is repeated. */
  take(): Token;
}

/**
 * Splits the text of a label selector into tokens, which blanks may separate.
 *
 * All other characters are part of a word, including NUL. The lexer of Kubernetes ends at a NUL and drops the
 * requirements after it.
 *
 * @param text any text
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/labels#Lexer
 */
export function readTokens(text: string): TokenReader {
  const tokens = tokenize(text);
  let position = 0;
  const peek = () => tokens[position] ?? END;
  const take = () => {
    const token = peek();
    position += 1;
    return token;
  };
  return { peek, take };
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const regexp = new RegExp(TOKEN);
  for (let match = regexp.exec(text); match !== null; match = regexp.exec(text)) {
    const { symbol, word = '' } = match.groups ?? {};
    tokens.push(
      symbol === undefined ? { kind: 'word', text: word } : { kind: 'symbol', text: symbol },
    );
  }
  return tokens;
}
