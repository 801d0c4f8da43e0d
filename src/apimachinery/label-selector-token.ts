/**
 * A piece of the text of a label selector. A `word` is a key, a value, or one of the operators `in`
 * and `notin`, depending on where it stands; the text of `end` is empty.
 */
export interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };

/** Longer symbols first, so that `==` is not read as twice `=`. */
const TOKEN = /[ \t\r\n]*(?:(?<symbol>==|!=|[=!(),<>])|(?<word>[^ \t\r\n=!(),<>]+))/y;

/** Reads the tokens of a label selector one after the other. */
export interface TokenReader {
  /** The next token, which stays the next one. */
  peek(): Token;
  /** The next token, which is then behind; `end` comes again and again. */
  take(): Token;
}

/**
 * Splits the text of a label selector into its tokens. Blanks separate words and mean nothing else.
 *
 * Every other character belongs to a word, NUL too, where the lexer of Kubernetes would take the
 * text as finished and so drop requirements.
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
