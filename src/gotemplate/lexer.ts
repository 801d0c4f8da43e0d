import type { Steps } from '../async/steps.ts';
import { goQuote } from '../text/quote.ts';
import { describeCharacter } from './format/character.ts';
import { MAX_ACTION } from './limits.ts';
import type { Delimiters } from './token.ts';
import { keywordOf, type Token, type TokenKind } from './token.ts';

const SPACES = ' \t\r\n';
const LEFT_COMMENT = '/*';
const RIGHT_COMMENT = '*/';
/** A character that ends a name and is not part of it. */
const NAME_TERMINATORS = '.,|:)(';
const ALPHANUMERIC = /^[\p{L}\p{Nd}_]$/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]$/;

/** One character tokens. */
const SYMBOLS: ReadonlyMap<string, TokenKind> = new Map([
  ['=', 'assign'],
  ['|', 'pipe'],
  ['(', 'leftParen'],
  [')', 'rightParen'],
]);

/**
 * Splits the text of a template into tokens, without comments and trimmed white space. The last token is `eof`, or
 * `error` at an invalid token. One step for each action.
 *
 * @see https://pkg.go.dev/text/template#hdr-Text_and_spaces
 */
export function tokenize(text: string, delimiters: Delimiters): Steps<readonly Token[]> {
  return new Lexer(text, delimiters).run();
}

class LexicalFault extends Error {
  override readonly name = 'LexicalFault';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

class Lexer {
  readonly #text: string;
  readonly #delimiters: Delimiters;
  readonly #tokens: Token[] = [];
  /** The start of the next token. */
  #start = 0;
  #position = 0;
  /** The start of the current action. */
  #opening = 0;
  #parens: number[] = [];

  constructor(text: string, delimiters: Delimiters) {
    this.#text = text;
    this.#delimiters = delimiters;
  }

  *run(): Steps<readonly Token[]> {
    try {
      yield* this.#readTemplate();
    } catch (fault) {
      if (!(fault instanceof LexicalFault)) {
        throw fault;
      }
      this.#tokens.push({ kind: 'error', text: fault.message, offset: fault.offset });
    }
    return this.#tokens;
  }

  *#readTemplate(): Steps<void> {
    while (this.#readText()) {
      this.#readAction();
      yield;
    }
    this.#emit('eof');
  }

  /** Reads up to the next action. @returns whether there is one */
  #readText(): boolean {
    const { left } = this.#delimiters;
    const action = this.#text.indexOf(left, this.#position);
    const end = action === -1 ? this.#text.length : action;
    const trims = action !== -1 && this.#hasLeftTrimMarker(action + left.length);
    this.#position = trims ? this.#trimmedEnd(end) : end;
    if (this.#position > this.#start) {
      this.#emit('text');
    }
    this.#skipTo(end);
    return action !== -1;
  }

  #trimmedEnd(end: number): number {
    let position = end;
    while (position > this.#start && isSpace(this.#text.charAt(position - 1))) {
      position--;
    }
    return position;
  }

  #readAction(): void {
    this.#opening = this.#position;
    this.#position += this.#delimiters.left.length;
    const marker = this.#hasLeftTrimMarker(this.#position) ? 2 : 0;
    if (this.#text.startsWith(LEFT_COMMENT, this.#position + marker)) {
      this.#readComment(this.#position + marker);
      return;
    }
    this.#emit('leftDelimiter');
    this.#skipTo(this.#position + marker);
    this.#parens = [];
    while (!this.#readRightDelimiter()) {
      this.#readInsideAction();
      this.#checkLength();
    }
  }

  #readComment(start: number): void {
    const end = this.#text.indexOf(RIGHT_COMMENT, start + LEFT_COMMENT.length);
    if (end === -1) {
      throw new LexicalFault('unclosed comment', start);
    }
    this.#position = end + RIGHT_COMMENT.length;
    const trims = this.#atTrimmingRightDelimiter();
    if (!trims && !this.#atPlainRightDelimiter()) {
      throw new LexicalFault('comment ends before closing delimiter', this.#position);
    }
    this.#skipTo(this.#position + (trims ? 2 : 0) + this.#delimiters.right.length);
    if (trims) {
      this.#skipSpaces();
    }
  }

  /** Reads the right delimiter if it is next. @returns whether it was */
  #readRightDelimiter(): boolean {
    const trims = this.#atTrimmingRightDelimiter();
    if (!trims && !this.#atPlainRightDelimiter()) {
      return false;
    }
    const unclosed = this.#parens.at(-1);
    if (unclosed !== undefined) {
      throw new LexicalFault('unclosed left paren', unclosed);
    }
    if (trims) {
      this.#skipTo(this.#position + 2);
    }
    this.#position += this.#delimiters.right.length;
    this.#emit('rightDelimiter');
    if (trims) {
      this.#skipSpaces();
    }
    return true;
  }

  /** An action is read in one step. */
  #checkLength(): void {
    if (this.#position - this.#opening > MAX_ACTION) {
      throw new LexicalFault(
        `the action is too long: expected at most ${MAX_ACTION} characters`,
        this.#opening,
      );
    }
  }

  #readInsideAction(): void {
    const character = this.#peek();
    const symbol = SYMBOLS.get(character);
    if (character === '') {
      throw new LexicalFault('unclosed action', this.#opening);
    } else if (isSpace(character)) {
      this.#readSpace();
    } else if (symbol !== undefined) {
      this.#readSymbol(symbol);
    } else if (character === ':') {
      this.#readDeclare();
    } else if (character === '"') {
      this.#readQuoted('string', 'unterminated quoted string');
    } else if (character === "'") {
      this.#readQuoted('characterConstant', 'unterminated character constant');
    } else if (character === '`') {
      this.#readRawString();
    } else if (character === '$') {
      this.#readFieldOrVariable('variable', 'variable');
    } else if (character === '.' && !isDigit(this.#text.charAt(this.#position + 1))) {
      this.#readFieldOrVariable('field', 'dot');
    } else if (character === '.' || character === '+' || character === '-' || isDigit(character)) {
      this.#readNumber();
    } else if (isAlphanumeric(character)) {
      this.#readWord();
    } else if (PRINTABLE_ASCII.test(character)) {
      this.#advance();
      this.#emit('character');
    } else {
      const reason = `unrecognized character in action: ${describeCharacter(character)}`;
      throw new LexicalFault(reason, this.#position);
    }
  }

  /** Spaces separate operands, so they are a token. The last one may be part of ` ->>`. */
  #readSpace(): void {
    while (isSpace(this.#peek()) && !this.#atTrimmingRightDelimiter()) {
      this.#advance();
    }
    this.#emit('space');
  }

  #readSymbol(kind: TokenKind): void {
    if (kind === 'leftParen') {
      this.#parens.push(this.#position);
    } else if (kind === 'rightParen' && this.#parens.pop() === undefined) {
      throw new LexicalFault(`unexpected right paren ${describeCharacter(')')}`, this.#position);
    }
    this.#advance();
    this.#emit(kind);
  }

  #readDeclare(): void {
    if (!this.#text.startsWith(':=', this.#position)) {
      throw new LexicalFault('expected :=', this.#position);
    }
    this.#position += 2;
    this.#emit('declare');
  }

  #readQuoted(kind: TokenKind, unterminated: string): void {
    const quote = this.#advance();
    for (let character = this.#advance(); character !== quote; character = this.#advance()) {
      const last = character === '\\' ? this.#advance() : character;
      if (last === '' || last === '\n') {
        throw new LexicalFault(unterminated, this.#start);
      }
    }
    this.#emit(kind);
  }

  #readRawString(): void {
    const end = this.#text.indexOf('`', this.#position + 1);
    if (end === -1) {
      throw new LexicalFault('unterminated raw quoted string', this.#start);
    }
    this.#position = end + 1;
    this.#emit('rawString');
  }

  /** @param alone the kind if no name follows the dot or dollar sign */
  #readFieldOrVariable(named: TokenKind, alone: TokenKind): void {
    this.#advance();
    const kind = this.#atTerminator() ? alone : named;
    this.#readName();
    this.#emit(kind);
  }

  #readWord(): void {
    this.#readName();
    const word = this.#text.slice(this.#start, this.#position);
    const isBool = word === 'true' || word === 'false';
    this.#emit(keywordOf(word) ?? (isBool ? 'bool' : 'identifier'));
  }

  #readName(): void {
    while (isAlphanumeric(this.#peek())) {
      this.#advance();
    }
    if (!this.#atTerminator()) {
      throw new LexicalFault(this.#describeBadCharacter(), this.#position);
    }
  }

  /** Half of a right delimiter is the most likely mistake. */
  #describeBadCharacter(): string {
    const character = this.#peek();
    const { right } = this.#delimiters;
    const hint = right.startsWith(character) ? `, expected ${right}` : '';
    return `bad character ${describeCharacter(character)}${hint}`;
  }

  /** Reads a token that looks like a number. The parser checks it. */
  #readNumber(): void {
    this.#readSimpleNumber();
    const isComplex = this.#peek() === '+' || this.#peek() === '-';
    if (isComplex) {
      this.#readSimpleNumber();
      if (this.#text.charAt(this.#position - 1) !== 'i') {
        throw this.#badNumber();
      }
    }
    this.#checkLength();
    this.#emit(isComplex ? 'complex' : 'number');
  }

  #readSimpleNumber(): void {
    const number =
      /[+-]?(?:0[xX][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]*)?)i?/y;
    number.lastIndex = this.#position;
    number.test(this.#text);
    this.#position = number.lastIndex;
    if (isAlphanumeric(this.#peek())) {
      this.#advance();
      throw this.#badNumber();
    }
  }

  #badNumber(): LexicalFault {
    const number = this.#text.slice(this.#start, this.#position);
    return new LexicalFault(`bad number syntax: ${goQuote(number)}`, this.#start);
  }

  #atTerminator(): boolean {
    const next = this.#peek();
    return (
      next === '' ||
      isSpace(next) ||
      NAME_TERMINATORS.includes(next) ||
      this.#atPlainRightDelimiter()
    );
  }

  #atPlainRightDelimiter(): boolean {
    return this.#text.startsWith(this.#delimiters.right, this.#position);
  }

  /** At ` ->>`: a space, the marker and the delimiter. */
  #atTrimmingRightDelimiter(): boolean {
    return (
      isSpace(this.#text.charAt(this.#position)) &&
      this.#text.charAt(this.#position + 1) === '-' &&
      this.#text.startsWith(this.#delimiters.right, this.#position + 2)
    );
  }

  #hasLeftTrimMarker(position: number): boolean {
    return this.#text.charAt(position) === '-' && isSpace(this.#text.charAt(position + 1));
  }

  /** The next character, which may be two UTF-16 units; empty at the end. */
  #peek(): string {
    const codePoint = this.#text.codePointAt(this.#position);
    return codePoint === undefined ? '' : String.fromCodePoint(codePoint);
  }

  #advance(): string {
    const character = this.#peek();
    this.#position += character.length;
    this.#checkLength();
    return character;
  }

  #skipSpaces(): void {
    while (isSpace(this.#text.charAt(this.#position))) {
      this.#position++;
    }
    this.#start = this.#position;
  }

  #skipTo(position: number): void {
    this.#position = position;
    this.#start = position;
  }

  #emit(kind: TokenKind): void {
    const text = this.#text.slice(this.#start, this.#position);
    this.#tokens.push({ kind, text, offset: this.#start });
    this.#start = this.#position;
  }
}

function isSpace(character: string): boolean {
  return character !== '' && SPACES.includes(character);
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

function isAlphanumeric(character: string): boolean {
  return ALPHANUMERIC.test(character);
}
