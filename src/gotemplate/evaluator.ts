import { goQuote } from '../text/quote.ts';
import { noSuchField } from './advice.ts';
import { BUILTINS, type Builtin } from './builtins.ts';
import { formatArgument } from './format/argument.ts';
import { NO_FLAGS } from './format/flags.ts';
import { BoundedText, LimitFault, MAX_DEPTH, MAX_OUTPUT, WorkBudget } from './limits.ts';
import {
  type Body,
  type BranchNode,
  type Command,
  describeExpression,
  describeTemplateNode,
  type FunctionNode,
  type Operand,
  type Pipeline,
  type RangeNode,
  type Statement,
  type TemplateNode,
  type VariableNode,
} from './node.ts';
import type { TemplateBodies } from './parser.ts';
import type { TemplateError, TemplateSource } from './template-error.ts';
import { CallFault } from './template-error.ts';
import type { Delimiters } from './token.ts';
import { isTrue, type TemplateValue, typeName } from './value.ts';
import { VariableStack } from './variable-stack.ts';

/** Executes the main template on some data. @throws TemplateError */
export function execute(
  source: TemplateSource,
  delimiters: Delimiters,
  bodies: TemplateBodies,
  data: TemplateValue,
  maxWork: number,
): string {
  return new Evaluator(source, delimiters, bodies, maxWork).run(data);
}

/** The output of a statement. */
export interface WrittenPiece {
  readonly text: string;
  /** The offset of the statement in the template, in UTF-16 units; for an action, without the delimiter. */
  readonly offset: number;
  /** Whether the text is copied from the template. */
  readonly isVerbatim: boolean;
}

/** As {@link execute}, with the output in pieces, one per statement. @throws TemplateError */
export function executeInPieces(
  source: TemplateSource,
  delimiters: Delimiters,
  bodies: TemplateBodies,
  data: TemplateValue,
  maxWork: number,
): readonly WrittenPiece[] {
  const pieces: WrittenPiece[] = [];
  new Evaluator(source, delimiters, bodies, maxWork, (piece) => pieces.push(piece)).run(data);
  return pieces;
}

/** The position of an execution. */
interface Context {
  /** The template being executed: the main one or one that it defines. */
  readonly templateName: string;
  readonly dot: TemplateValue;
  readonly variables: VariableStack;
  /** The number of enclosing bodies. */
  readonly depth: number;
}

/** A statement that ends a body early. */
type Interruption = 'break' | 'continue' | undefined;

class Evaluator {
  readonly #source: TemplateSource;
  readonly #delimiters: Delimiters;
  readonly #bodies: TemplateBodies;
  readonly #output = new BoundedText();
  readonly #budget: WorkBudget;
  readonly #onWritten: ((piece: WrittenPiece) => void) | undefined;

  constructor(
    source: TemplateSource,
    delimiters: Delimiters,
    bodies: TemplateBodies,
    maxWork: number,
    onWritten?: (piece: WrittenPiece) => void,
  ) {
    this.#budget = new WorkBudget(maxWork);
    this.#onWritten = onWritten;
    this.#source = source;
    this.#delimiters = delimiters;
    this.#bodies = bodies;
  }

  run(data: TemplateValue): string {
    const templateName = this.#source.name;
    const variables = new VariableStack(data);
    const context = { templateName, dot: data, variables, depth: 0 };
    this.#executeBody(this.#bodies.get(templateName) ?? [], context);
    return this.#output.toString();
  }

  // Statements

  #executeBody(body: Body, context: Context): Interruption {
    for (const statement of body) {
      const interruption = this.#executeStatement(statement, context);
      if (interruption !== undefined) {
        return interruption;
      }
    }
    return undefined;
  }

  #executeStatement(statement: Statement, context: Context): Interruption {
    this.#guarded(statement, context, () => this.#budget.spend(1));
    switch (statement.kind) {
      case 'text':
        this.#guarded(statement, context, () => this.#output.append(statement.text));
        this.#onWritten?.({ text: statement.text, offset: statement.offset, isVerbatim: true });
        return undefined;
      case 'action':
        this.#executeAction(statement.pipeline, statement.offset, context);
        return undefined;
      case 'if':
      case 'with':
        return this.#executeBranches(statement, context);
      case 'range':
        return this.#executeRange(statement, context);
      case 'template':
        this.#executeTemplate(statement, context);
        return undefined;
      case 'break':
      case 'continue':
        return statement.kind;
    }
  }

  #executeAction(pipeline: Pipeline, offset: number, context: Context): void {
    const value = this.#evaluatePipeline(pipeline, context);
    if (pipeline.variables.length > 0) {
      return;
    }
    this.#guarded(pipeline, context, () => {
      const text = value === null ? '<no value>' : formatArgument(value, 'v', NO_FLAGS);
      this.#output.append(text);
      this.#onWritten?.({ text, offset, isVerbatim: false });
    });
  }

  #executeBranches(node: BranchNode, context: Context): Interruption {
    const mark = context.variables.size;
    const interruption = this.#executeFirstTrue(node, context);
    context.variables.release(mark);
    return interruption;
  }

  #executeFirstTrue(node: BranchNode, context: Context): Interruption {
    for (const { condition, body } of node.branches) {
      const value = this.#evaluatePipeline(condition, context);
      if (isTrue(value)) {
        const dot = node.kind === 'with' ? value : context.dot;
        return this.#executeBody(body, this.#inside(node, { ...context, dot }));
      }
    }
    return this.#executeBody(node.otherwise, this.#inside(node, context));
  }

  #executeRange(node: RangeNode, context: Context): Interruption {
    const mark = context.variables.size;
    const collection = this.#evaluatePipeline(node.pipeline, context);
    const isEmpty = !this.#iterate(node, collection, context);
    const interruption = isEmpty
      ? this.#executeBody(node.otherwise, this.#inside(node, context))
      : undefined;
    context.variables.release(mark);
    return interruption;
  }

  /** @returns whether there was an element */
  #iterate(node: RangeNode, collection: TemplateValue, context: Context): boolean {
    const { variables } = context;
    const mark = variables.size;
    let hasElements = false;
    for (const [key, element] of this.#elementsOf(node, collection, context)) {
      hasElements = true;
      this.#guarded(node, context, () => this.#budget.spend(1));
      this.#setRangeVariables(node, key, element, context);
      const inside = this.#inside(node, { ...context, dot: element });
      const interruption = this.#executeBody(node.body, inside);
      variables.release(mark);
      if (interruption === 'break') {
        break;
      }
    }
    return hasElements;
  }

  *#elementsOf(
    node: RangeNode,
    collection: TemplateValue,
    context: Context,
  ): Generator<readonly [TemplateValue, TemplateValue]> {
    if (collection === null) {
      return;
    }
    if (typeof collection === 'bigint') {
      yield* this.#numbersBelow(node, collection, context);
    } else if (typeof collection === 'object' && collection.kind === 'map') {
      yield* collection.entries;
    } else if (typeof collection === 'object' && collection.kind === 'strings') {
      for (const [i, item] of collection.items.entries()) {
        yield [BigInt(i), item];
      }
    } else {
      const shown = formatArgument(collection, 'v', NO_FLAGS);
      throw this.#error(node.pipeline, context, `range can't iterate over ${shown}`);
    }
  }

  *#numbersBelow(
    node: RangeNode,
    limit: bigint,
    context: Context,
  ): Generator<readonly [TemplateValue, TemplateValue]> {
    if (node.pipeline.variables.length > 1) {
      const reason = `can't use ${limit} to iterate over more than one variable`;
      throw this.#error(node.pipeline, context, reason);
    }
    for (let number = 0n; number < limit; number++) {
      yield [null, number];
    }
  }

  /** A single variable is the element. Of two, the first is the key or index. */
  #setRangeVariables(
    { pipeline }: RangeNode,
    key: TemplateValue,
    element: TemplateValue,
    context: Context,
  ): void {
    const names = pipeline.variables;
    const values = names.length > 1 ? [key, element] : [element];
    names.forEach((name, i) => {
      const value = values[i] ?? null;
      if (pipeline.isAssignment) {
        this.#assignVariable(pipeline, name, value, context);
      } else {
        context.variables.replaceTop(names.length - i, value);
      }
    });
  }

  /** A template has its own variables and gets only its argument. */
  #executeTemplate(node: TemplateNode, context: Context): void {
    const body = this.#bodies.get(node.name);
    if (body === undefined) {
      throw this.#error(node, context, `template ${goQuote(node.name)} not defined`);
    }
    const dot = node.pipeline === undefined ? null : this.#evaluatePipeline(node.pipeline, context);
    const { depth } = this.#inside(node, context);
    const variables = new VariableStack(dot);
    this.#executeBody(body, { templateName: node.name, dot, variables, depth });
  }

  // Expressions

  #evaluatePipeline(pipeline: Pipeline, context: Context): TemplateValue {
    let piped: readonly [] | readonly [TemplateValue] = [];
    for (const command of pipeline.commands) {
      piped = [this.#evaluateCommand(command, piped, context)];
    }
    const value = piped[0] ?? null;
    for (const name of pipeline.variables) {
      if (pipeline.isAssignment) {
        this.#assignVariable(pipeline, name, value, context);
      } else {
        context.variables.declare(name, value);
      }
    }
    return value;
  }

  #assignVariable(pipeline: Pipeline, name: string, value: TemplateValue, context: Context): void {
    const { variables } = context;
    this.#guarded(pipeline, context, () => this.#budget.spendOnText(variables.size));
    if (!variables.assign(name, value)) {
      throw this.#error(pipeline, context, `undefined variable: ${name}`);
    }
  }

  /** @param piped the value of the previous command, which is the last argument, if there is one */
  #evaluateCommand(
    command: Command,
    piped: readonly TemplateValue[],
    context: Context,
  ): TemplateValue {
    const { first, rest } = command;
    const count = rest.length + piped.length;
    switch (first.kind) {
      case 'function':
        return this.#callFunction(first, rest, piped, command, context);
      case 'field':
      case 'chain':
        return this.#evaluateOperand(first, context, count);
      case 'variable':
        if (first.fields.length > 0) {
          return this.#evaluateOperand(first, context, count);
        }
        break;
      case 'nil':
        throw this.#error(first, context, 'nil is not a command');
    }
    if (count > 0) {
      const reason = `can't give argument to non-function ${describeExpression(first)}`;
      throw this.#error(first, context, reason);
    }
    return this.#evaluateOperand(first, context);
  }

  /** @param argumentCount the number of arguments of a field, which only a method accepts */
  #evaluateOperand(operand: Operand, context: Context, argumentCount = 0): TemplateValue {
    this.#guarded(operand, context, () => this.#budget.spend(1));
    switch (operand.kind) {
      case 'pipeline':
        return this.#evaluatePipeline(operand, context);
      case 'field':
        return this.#evaluateFields(operand, context.dot, operand.names, context, argumentCount);
      case 'variable':
        return this.#evaluateVariable(operand, context, argumentCount);
      case 'chain': {
        const value = this.#evaluateOperand(operand.operand, context);
        return this.#evaluateFields(operand, value, operand.fields, context, argumentCount);
      }
      case 'function':
        return this.#callFunction(operand, [], [], operand, context);
      case 'dot':
        return context.dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
    }
  }

  #evaluateVariable(node: VariableNode, context: Context, argumentCount: number): TemplateValue {
    const { variables } = context;
    this.#guarded(node, context, () => this.#budget.spendOnText(variables.size));
    const value = variables.find(node.name);
    if (value === undefined) {
      throw this.#error(node, context, `undefined variable: ${node.name}`);
    }
    return this.#evaluateFields(node, value, node.fields, context, argumentCount);
  }

  #evaluateFields(
    node: Operand,
    receiver: TemplateValue,
    names: readonly string[],
    context: Context,
    argumentCount: number,
  ): TemplateValue {
    return names.reduce((value, name, i) => {
      const count = i === names.length - 1 ? argumentCount : 0;
      return this.#evaluateField(node, value, name, context, count);
    }, receiver);
  }

  /** A field of nil is nil, as is a missing key of a map. */
  #evaluateField(
    node: Operand,
    receiver: TemplateValue,
    name: string,
    context: Context,
    argumentCount: number,
  ): TemplateValue {
    if (receiver === null) {
      return null;
    }
    const found = findField(receiver, name);
    if (found === undefined) {
      const reason = `can't evaluate field ${name} in type ${typeName(receiver)}`;
      throw this.#error(node, context, reason, noSuchField(receiver, name));
    }
    if (argumentCount > 0) {
      throw this.#error(node, context, cannotTakeArguments(found, name, argumentCount));
    }
    return found.value;
  }

  // Functions

  /** @param node the place of the call, for errors */
  #callFunction(
    { name }: FunctionNode,
    operands: readonly Operand[],
    piped: readonly TemplateValue[],
    node: Operand | Command,
    context: Context,
  ): TemplateValue {
    const builtin = BUILTINS.get(name);
    if (builtin === undefined) {
      throw this.#error(node, context, `${goQuote(name)} is not a defined function`);
    }
    const count = operands.length + piped.length;
    if (builtin.isVariadic ? count < builtin.required : count !== builtin.required) {
      const wanted = `${builtin.isVariadic ? 'at least ' : ''}${builtin.required}`;
      const reason = `wrong number of args for ${name}: want ${wanted} got ${count}`;
      throw this.#error(node, context, reason);
    }
    const values = this.#evaluateArguments(builtin, operands, piped, node, context);
    return this.#guarded(node, context, () => this.#call(builtin, values), name);
  }

  #evaluateArguments(
    builtin: Builtin,
    operands: readonly Operand[],
    piped: readonly TemplateValue[],
    node: Operand | Command,
    context: Context,
  ): readonly TemplateValue[] {
    const values: TemplateValue[] = [];
    for (const operand of operands) {
      const mustBeString = builtin.takesFormat && values.length === 0;
      const value = this.#evaluateOperand(operand, context);
      if (mustBeString) {
        this.#checkFormat(operand, value, context);
      }
      values.push(value);
      if (isTrue(value) === builtin.stopsAt) {
        return values;
      }
    }
    const [last] = piped;
    if (last !== undefined) {
      if (builtin.takesFormat && values.length === 0) {
        this.#checkFormat(node, last, context);
      }
      values.push(last);
    }
    return values;
  }

  #checkFormat(node: Operand | Command, value: TemplateValue, context: Context): void {
    if (typeof value === 'string') {
      return;
    }
    if (node.kind === 'nil') {
      throw this.#error(node, context, 'cannot assign nil to string');
    }
    if (node.kind === 'bool' || node.kind === 'number') {
      throw this.#error(node, context, `expected string; found ${describeExpression(node)}`);
    }
    const reason =
      value === null
        ? 'invalid value; expected string'
        : `wrong type for value; expected string; got ${typeName(value)}`;
    throw this.#error(node, context, reason);
  }

  #call(builtin: Builtin, values: readonly TemplateValue[]): TemplateValue {
    for (const value of values) {
      this.#budget.spendOnText(sizeOf(value));
    }
    const result = builtin.call(values);
    const size = sizeOf(result);
    this.#budget.spendOnText(size);
    if (size > MAX_OUTPUT) {
      throw new LimitFault(`the result is longer than ${MAX_OUTPUT} characters`);
    }
    return result;
  }

  // Limits and errors

  /** The context of a body inside the given node. */
  #inside(node: Statement, context: Context): Context {
    if (context.depth === MAX_DEPTH) {
      throw this.#error(node, context, `exceeded maximum template depth (${MAX_DEPTH})`);
    }
    return { ...context, depth: context.depth + 1 };
  }

  /**
   * Runs a function, and adds the place in the template to its errors.
   *
   * @param functionName the function that is called, if one is
   */
  #guarded<Result>(
    node: Statement | Operand | Command,
    context: Context,
    run: () => Result,
    functionName?: string,
  ): Result {
    try {
      return run();
    } catch (fault) {
      if (fault instanceof LimitFault) {
        throw this.#error(node, context, fault.message);
      }
      if (fault instanceof CallFault) {
        throw this.#error(node, context, `error calling ${functionName}: ${fault.message}`);
      }
      throw fault;
    }
  }

  #error(
    node: Statement | Operand | Command,
    context: Context,
    reason: string,
    advice?: string,
  ): TemplateError {
    const { templateName } = context;
    const described = this.#describe(node);
    return this.#source.executionError(node.offset, templateName, described, reason, advice);
  }

  #describe(node: Statement | Operand | Command): string {
    switch (node.kind) {
      case 'text':
        return node.text;
      case 'action':
        return describeExpression(node.pipeline);
      case 'template':
        return describeTemplateNode(node, this.#delimiters);
      case 'if':
      case 'with':
      case 'range':
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return describeExpression(node);
    }
  }
}

interface FoundField {
  readonly kind: 'method' | 'field' | 'key';
  readonly value: TemplateValue;
}

function findField(receiver: TemplateValue, name: string): FoundField | undefined {
  if (typeof receiver !== 'object' || receiver === null) {
    return undefined;
  }
  if (receiver.kind === 'map') {
    return { kind: 'key', value: receiver.entries.get(name) ?? null };
  }
  if (receiver.kind !== 'struct') {
    return undefined;
  }
  const method = receiver.methods.get(name);
  const value = method ?? receiver.fields.get(name);
  return value === undefined
    ? undefined
    : { kind: method === undefined ? 'field' : 'method', value };
}

function cannotTakeArguments({ kind }: FoundField, name: string, count: number): string {
  switch (kind) {
    case 'method':
      return `wrong number of args for ${name}: want 0 got ${count}`;
    case 'field':
      return `${name} has arguments but cannot be invoked as function`;
    case 'key':
      return `${name} is not a method but has arguments`;
  }
}

/** The number of characters that a function processes. */
function sizeOf(value: TemplateValue): number {
  if (typeof value === 'string') {
    return value.length;
  }
  if (typeof value !== 'object' || value === null) {
    return 1;
  }
  switch (value.kind) {
    case 'byte':
      return 1;
    case 'strings':
      return sumOf(value.items) + sumOf(value.spare);
    case 'map':
      return sumOf(value.entries.keys()) + sumOf(value.entries.values());
    case 'struct':
      return sumOf(value.fields.values());
  }
}

function sumOf(values: Iterable<TemplateValue>): number {
  let sum = 0;
  for (const value of values) {
    sum += 1 + sizeOf(value);
  }
  return sum;
}
