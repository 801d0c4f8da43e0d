import type { Steps } from '../async/steps.ts';
import { goQuote } from '../text/quote.ts';
import { noSuchFunction } from './advice.ts';
import { tokenize } from './lexer.ts';
import { MAX_NESTING } from './limits.ts';
import { LiteralFault, parseNumber, unquoteCharacter, unquoteString } from './literal.ts';
import {
  type Body,
  type Command,
  type ConditionalBody,
  type ConstantNode,
  describeExpression,
  type Operand,
  type Pipeline,
  type Statement,
  type TemplateNode,
} from './node.ts';
import type { TemplateError, TemplateSource } from './template-error.ts';
import type { Delimiters } from './token.ts';
import { describeToken, type Token, type TokenKind } from './token.ts';

/** The bodies of a template and of those that it defines, by name. */
export type TemplateBodies = ReadonlyMap<string, Body>;

/**
 * Parses a template's text by the grammar of Go's text/template, one step for each action and each
 * statement.
 *
 * @param functions the names of the functions
 * @throws TemplateError
 * @see https://pkg.go.dev/text/template#hdr-Actions
 */
export function* parse(
  source: TemplateSource,
  delimiters: Delimiters,
  functions: ReadonlySet<string>,
): Steps<TemplateBodies> {
  const tokens = yield* tokenize(source.text, delimiters);
  return yield* new Parser(source, delimiters, functions, tokens).run();
}

/** Tokens that begin an operand. */
const OPERANDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'characterConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

/** Operands that accept no argument from the pipeline, so they can only be its first command. */
const NOT_EXECUTABLE: ReadonlySet<Operand['kind']> = new Set<Operand['kind']>([
  'bool',
  'dot',
  'nil',
  'number',
  'string',
]);

/** The end of a list of statements: `end` or `else`. */
type Terminator = Token;

/** The visible variables. Each template has its own scope. */
interface Scope {
  readonly outer: Scope | undefined;
  readonly variables: Set<string>;
  rangeDepth: number;
}

class Parser {
  readonly #source: TemplateSource;
  readonly #delimiters: Delimiters;
  readonly #functions: ReadonlySet<string>;
  readonly #tokens: readonly Token[];
  readonly #bodies = new Map<string, Body>();
  #next = 0;
  #scope = newScope();
  #nesting = 0;

  constructor(
    source: TemplateSource,
    delimiters: Delimiters,
    functions: ReadonlySet<string>,
    tokens: readonly Token[],
  ) {
    this.#source = source;
    this.#delimiters = delimiters;
    this.#functions = functions;
    this.#tokens = tokens;
  }

  *run(): Steps<TemplateBodies> {
    const statements: Statement[] = [];
    while (this.#peek().kind !== 'eof') {
      const opening = this.#takeDefineKeyword();
      if (opening !== undefined) {
        yield* this.#readDefinition(opening);
      } else {
        statements.push(yield* this.#readTopLevelStatement());
      }
    }
    this.#define(this.#source.name, statements, 0);
    return this.#bodies;
  }

  // Statements

  *#readTopLevelStatement(): Steps<Statement> {
    const { offset } = this.#peek();
    const statement = yield* this.#readStatement();
    if (isTerminator(statement)) {
      throw this.#error(offset, `unexpected ${this.#action(statement.kind)}`);
    }
    return statement;
  }

  /** Reads `<<define` if it is next. `define` is allowed only outside of other actions. */
  #takeDefineKeyword(): Token | undefined {
    const start = this.#next;
    const opening = this.#take();
    if (opening.kind === 'leftDelimiter' && this.#takeNonSpace().kind === 'define') {
      return opening;
    }
    this.#next = start;
    return undefined;
  }

  *#readDefinition(opening: Token): Steps<void> {
    const context = 'define clause';
    const name = this.#readTemplateName(context);
    this.#expect('rightDelimiter', context);
    const body = yield* this.#readOwnScope(opening, 'define', context);
    this.#define(name, body, opening.offset);
  }

  /** The body of a template with its own scope, up to its `end`. */
  *#readOwnScope(opening: Token, keyword: string, context: string): Steps<Body> {
    const outer = this.#scope;
    this.#scope = newScope();
    const { body, terminator } = yield* this.#readBody(opening, keyword);
    this.#scope = outer;
    if (terminator.kind !== 'end') {
      const reason = `unexpected ${this.#action(terminator.kind)} in ${context}`;
      throw this.#error(terminator.offset, reason);
    }
    return body;
  }

  /** A template without content can be replaced by another one with its name. */
  #define(name: string, body: Body, offset: number): void {
    const known = this.#bodies.get(name);
    if (known === undefined || isBlank(known)) {
      this.#bodies.set(name, body);
    } else if (!isBlank(body)) {
      throw this.#error(offset, `multiple definition of template ${goQuote(name)}`);
    }
  }

  /** Reads statements up to and including `end` or `else` with its right delimiter. */
  *#readBody(opening: Token, keyword: string): Steps<{ body: Body; terminator: Terminator }> {
    this.#enterLevel(opening.offset);
    const statements: Statement[] = [];
    while (this.#peekNonSpace().kind !== 'eof') {
      const statement = yield* this.#readStatement();
      if (isTerminator(statement)) {
        this.#nesting--;
        return { body: statements, terminator: statement };
      }
      statements.push(statement);
    }
    const reason = `unexpected EOF: ${this.#action(keyword)} has no ${this.#action('end')}`;
    throw this.#error(opening.offset, reason);
  }

  *#readStatement(): Steps<Statement | Terminator> {
    yield;
    const token = this.#takeNonSpace();
    switch (token.kind) {
      case 'text':
        return { kind: 'text', offset: token.offset, text: token.text };
      case 'leftDelimiter':
        return yield* this.#readAction(token);
      default:
        throw this.#unexpected(token, 'input');
    }
  }

  *#readAction(opening: Token): Steps<Statement | Terminator> {
    const start = this.#next;
    const token = this.#takeNonSpace();
    switch (token.kind) {
      case 'block':
        return yield* this.#readBlock(opening);
      case 'break':
      case 'continue':
        return this.#readLoopControl(token, token.kind);
      case 'else':
        return this.#readElse(token);
      case 'end':
        this.#expect('rightDelimiter', 'end');
        return token;
      case 'if':
      case 'with':
        return yield* this.#readBranches(opening, token, token.kind);
      case 'range':
        return yield* this.#readRange(opening, token);
      case 'template':
        return this.#readTemplate();
      default:
        this.#next = start;
        return {
          kind: 'action',
          offset: token.offset,
          pipeline: this.#readPipeline('command', 'rightDelimiter', opening),
        };
    }
  }

  #readLoopControl(token: Token, kind: 'break' | 'continue'): Statement {
    const closing = this.#takeNonSpace();
    if (closing.kind !== 'rightDelimiter') {
      throw this.#unexpected(closing, this.#action(kind));
    }
    if (this.#scope.rangeDepth === 0) {
      throw this.#error(token.offset, `${this.#action(kind)} outside ${this.#action('range')}`);
    }
    return { kind, offset: token.offset };
  }

  /** `if` and `with` may follow `else`. They are not consumed here. */
  #readElse(token: Token): Terminator {
    const next = this.#peekNonSpace();
    if (next.kind !== 'if' && next.kind !== 'with') {
      this.#expect('rightDelimiter', 'else');
    }
    return token;
  }

  *#readBranches(opening: Token, keyword: Token, kind: 'if' | 'with'): Steps<Statement> {
    const outer = this.#enterScope();
    const branches: ConditionalBody[] = [];
    let otherwise: Body = [];
    let terminator: Terminator;
    do {
      const condition = this.#readPipeline(kind, 'rightDelimiter', opening);
      const branch = yield* this.#readBody(opening, kind);
      branches.push({ condition, body: branch.body });
      terminator = branch.terminator;
    } while (terminator.kind === 'else' && this.#takeIfNext(kind));
    if (terminator.kind === 'else') {
      otherwise = yield* this.#readOtherwise(opening, kind);
    }
    this.#scope = outer;
    return { kind, offset: keyword.offset, branches, otherwise };
  }

  #takeIfNext(kind: TokenKind): boolean {
    const isNext = this.#peekNonSpace().kind === kind;
    if (isNext) {
      this.#takeNonSpace();
    }
    return isNext;
  }

  *#readOtherwise(opening: Token, keyword: string): Steps<Body> {
    const { body, terminator } = yield* this.#readBody(opening, keyword);
    if (terminator.kind !== 'end') {
      const reason = `expected end; found ${this.#action(terminator.kind)}`;
      throw this.#error(terminator.offset, reason);
    }
    return body;
  }

  *#readRange(opening: Token, keyword: Token): Steps<Statement> {
    const outer = this.#enterScope();
    const pipeline = this.#readPipeline('range', 'rightDelimiter', opening);
    this.#scope.rangeDepth++;
    const { body, terminator } = yield* this.#readBody(opening, 'range');
    this.#scope.rangeDepth--;
    const otherwise =
      terminator.kind === 'else' ? yield* this.#readOtherwise(opening, 'range') : [];
    this.#scope = outer;
    return { kind: 'range', offset: keyword.offset, pipeline, body, otherwise };
  }

  #readTemplate(): TemplateNode {
    const context = 'template clause';
    const { offset } = this.#peekNonSpace();
    const name = this.#readTemplateName(context);
    const pipeline = this.#takeIfNext('rightDelimiter')
      ? undefined
      : this.#readPipeline(context, 'rightDelimiter', this.#peekNonSpace());
    return { kind: 'template', offset, name, pipeline };
  }

  /** A block defines a template and calls it at the same position. */
  *#readBlock(opening: Token): Steps<TemplateNode> {
    const context = 'block clause';
    const { offset } = this.#peekNonSpace();
    const name = this.#readTemplateName(context);
    const pipeline = this.#readPipeline(context, 'rightDelimiter', opening);
    const body = yield* this.#readOwnScope(opening, 'block', context);
    this.#define(name, body, opening.offset);
    return { kind: 'template', offset, name, pipeline };
  }

  #readTemplateName(context: string): string {
    const token = this.#takeNonSpace();
    if (token.kind !== 'string' && token.kind !== 'rawString') {
      throw this.#unexpected(token, context);
    }
    return this.#literal(token, unquoteString);
  }

  // Pipelines

  /**
   * @param context the parent of the pipeline, for messages
   * @param end the token that ends it, which is consumed
   */
  #readPipeline(context: string, end: TokenKind, opening: Token): Pipeline {
    const { offset } = this.#peekNonSpace();
    const { variables, isAssignment } = this.#readTargets(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#peekNonSpace();
      if (token.kind === end) {
        break;
      }
      if (!OPERANDS.has(token.kind)) {
        throw this.#unexpected(token, context);
      }
      commands.push(this.#readCommand());
    }
    this.#takeNonSpace();
    this.#checkCommands(commands, context, opening);
    return { kind: 'pipeline', offset, variables, isAssignment, commands };
  }

  /** The variables before `:=` or `=`, if the pipeline has any. */
  #readTargets(context: string): Pick<Pipeline, 'variables' | 'isAssignment'> {
    const variables: string[] = [];
    for (;;) {
      const start = this.#next;
      if (this.#takeNonSpace().kind !== 'variable') {
        this.#next = start;
        return { variables, isAssignment: false };
      }
      const variable = this.#tokenAt(this.#next - 1);
      const operator = this.#takeNonSpace();
      if (operator.kind === 'assign' || operator.kind === 'declare') {
        this.#addTarget(variables, variable);
        return { variables, isAssignment: operator.kind === 'assign' };
      }
      if (operator.kind !== 'character' || operator.text !== ',') {
        this.#next = start;
        return { variables, isAssignment: false };
      }
      this.#addTarget(variables, variable);
      this.#checkSecondTarget(variables, context);
    }
  }

  #addTarget(variables: string[], { text }: Token): void {
    variables.push(text);
    this.#scope.variables.add(text);
  }

  /** After a comma. Only `range` has two variables. */
  #checkSecondTarget(variables: readonly string[], context: string): void {
    const next = this.#peekNonSpace();
    if (context !== 'range' || variables.length >= 2) {
      throw this.#error(next.offset, `too many declarations in ${context}`);
    }
    if (!['variable', 'rightDelimiter', 'rightParen'].includes(next.kind)) {
      throw this.#error(next.offset, 'range can only initialize variables');
    }
  }

  #checkCommands(commands: readonly Command[], context: string, opening: Token): void {
    if (commands.length === 0) {
      throw this.#error(opening.offset, `missing value for ${context}`);
    }
    const stage = commands.findIndex(({ first }, i) => i > 0 && NOT_EXECUTABLE.has(first.kind));
    if (stage !== -1) {
      const offset = commands[stage]?.offset ?? opening.offset;
      throw this.#error(offset, `non executable command in pipeline stage ${stage + 1}`);
    }
  }

  /** Reads operands up to and including a pipe, or up to the end of the pipeline. */
  #readCommand(): Command {
    const { offset } = this.#peekNonSpace();
    const operands: Operand[] = [];
    for (let isLast = false; !isLast; ) {
      if (OPERANDS.has(this.#peekNonSpace().kind)) {
        operands.push(this.#readOperand());
      }
      isLast = !this.#takeOperandSeparator();
    }
    const [first, ...rest] = operands;
    if (first === undefined) {
      throw this.#error(offset, 'empty command');
    }
    return { kind: 'command', offset, first, rest };
  }

  /** @returns whether the command may continue */
  #takeOperandSeparator(): boolean {
    const token = this.#take();
    switch (token.kind) {
      case 'space':
        return true;
      case 'pipe':
        return false;
      case 'rightDelimiter':
      case 'rightParen':
        this.#next--;
        return false;
      default:
        throw this.#unexpected(token, 'operand');
    }
  }

  /** A term and the fields that directly follow it. */
  #readOperand(): Operand {
    const term = this.#readTerm();
    const { offset } = this.#peek();
    const fields: string[] = [];
    while (this.#peek().kind === 'field') {
      fields.push(this.#take().text.slice(1));
    }
    return fields.length === 0 ? term : this.#withFields(term, fields, offset);
  }

  #withFields(term: Operand, fields: readonly string[], offset: number): Operand {
    switch (term.kind) {
      case 'field':
        return { ...term, offset, names: [...term.names, ...fields] };
      case 'variable':
        return { ...term, offset, fields };
      case 'pipeline':
      case 'function':
        return { kind: 'chain', offset, operand: term, fields };
      default: {
        const reason = `unexpected . after term ${goQuote(describeExpression(term))}`;
        throw this.#error(offset, reason);
      }
    }
  }

  #readTerm(): Operand {
    const token = this.#takeNonSpace();
    const { offset, text } = token;
    switch (token.kind) {
      case 'identifier':
        return this.#functionNode(token);
      case 'dot':
        return { kind: 'dot', offset };
      case 'nil':
        return { kind: 'nil', offset };
      case 'variable':
        return this.#variableNode(token);
      case 'field':
        return { kind: 'field', offset, names: [text.slice(1)] };
      case 'bool':
        return { kind: 'bool', offset, text, value: text === 'true' };
      case 'characterConstant':
        return this.#numberNode(token, unquoteCharacter);
      case 'number':
      case 'complex':
        return this.#numberNode(token, parseNumber);
      case 'string':
      case 'rawString':
        return { kind: 'string', offset, text, value: this.#literal(token, unquoteString) };
      case 'leftParen':
        return this.#readParenthesized(token);
      default:
        throw this.#unexpected(token, 'operand');
    }
  }

  #readParenthesized(opening: Token): Pipeline {
    this.#enterLevel(opening.offset);
    const pipeline = this.#readPipeline('parenthesized pipeline', 'rightParen', opening);
    this.#nesting--;
    return pipeline;
  }

  #functionNode({ offset, text }: Token): Operand {
    if (!this.#functions.has(text)) {
      const reason = `function ${goQuote(text)} not defined`;
      throw this.#source.parseError(offset, reason, noSuchFunction(text, this.#functions));
    }
    return { kind: 'function', offset, name: text };
  }

  #variableNode({ offset, text }: Token): Operand {
    if (!isDeclared(text, this.#scope)) {
      throw this.#error(offset, `undefined variable ${goQuote(text)}`);
    }
    return { kind: 'variable', offset, name: text, fields: [] };
  }

  #numberNode(token: Token, read: (text: string) => bigint | number): ConstantNode {
    const { offset, text } = token;
    return { kind: 'number', offset, text, value: this.#literal(token, read) };
  }

  #literal<Value>(token: Token, read: (text: string) => Value): Value {
    try {
      return read(token.text);
    } catch (fault) {
      throw fault instanceof LiteralFault ? this.#error(token.offset, fault.message) : fault;
    }
  }

  // Scopes

  /**
   * Begins a scope.
   *
   * @returns the enclosing scope, to return to
   */
  #enterScope(): Scope {
    const outer = this.#scope;
    this.#scope = { outer, variables: new Set(), rangeDepth: outer.rangeDepth };
    return outer;
  }

  #enterLevel(offset: number): void {
    if (this.#nesting === MAX_NESTING) {
      throw this.#error(offset, `nested more than ${MAX_NESTING} levels deep`);
    }
    this.#nesting++;
  }

  // Tokens

  /** The last token, which is `eof` or `error`, is repeated. */
  #tokenAt(index: number): Token {
    const token = this.#tokens[index] ?? this.#tokens.at(-1);
    return token ?? { kind: 'eof', text: '', offset: 0 };
  }

  #peek(): Token {
    return this.#tokenAt(this.#next);
  }

  #take(): Token {
    return this.#tokenAt(this.#next++);
  }

  #takeNonSpace(): Token {
    const token = this.#take();
    return token.kind === 'space' ? this.#take() : token;
  }

  #peekNonSpace(): Token {
    const token = this.#peek();
    return token.kind === 'space' ? this.#tokenAt(this.#next + 1) : token;
  }

  #expect(kind: TokenKind, context: string): void {
    const token = this.#takeNonSpace();
    if (token.kind !== kind) {
      throw this.#unexpected(token, context);
    }
  }

  // Errors

  #unexpected(token: Token, context: string): TemplateError {
    const reason =
      token.kind === 'error' ? token.text : `unexpected ${describeToken(token)} in ${context}`;
    return this.#error(token.offset, reason);
  }

  #error(offset: number, reason: string): TemplateError {
    return this.#source.parseError(offset, reason);
  }

  /** An action in a message. */
  #action(keyword: string): string {
    return this.#delimiters.left + keyword + this.#delimiters.right;
  }
}

function newScope(): Scope {
  return { outer: undefined, variables: new Set(['$']), rangeDepth: 0 };
}

function isDeclared(variable: string, innermost: Scope): boolean {
  for (let scope: Scope | undefined = innermost; scope !== undefined; scope = scope.outer) {
    if (scope.variables.has(variable)) {
      return true;
    }
  }
  return false;
}

function isTerminator(node: Statement | Terminator): node is Terminator {
  return node.kind === 'end' || node.kind === 'else';
}

function isBlank(body: Body): boolean {
  return body.every((statement) => statement.kind === 'text' && statement.text.trim() === '');
}
