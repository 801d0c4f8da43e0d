import { goQuote } from '../text/quote.ts';
import type { Delimiters } from './token.ts';

/** The syntax tree of a template. `offset` is the start of a node, in UTF-16 units. */
export type Statement =
  | TextNode
  | ActionNode
  | BranchNode
  | RangeNode
  | TemplateNode
  | LoopControlNode;

export type Body = readonly Statement[];

export interface TextNode {
  readonly kind: 'text';
  readonly offset: number;
  readonly text: string;
}

/** A pipeline whose value is printed, unless it declares or assigns a variable. */
export interface ActionNode {
  readonly kind: 'action';
  readonly offset: number;
  readonly pipeline: Pipeline;
}

/** `if` or `with`, and their `else if` or `else with`. */
export interface BranchNode {
  readonly kind: 'if' | 'with';
  readonly offset: number;
  readonly branches: readonly ConditionalBody[];
  readonly otherwise: Body;
}

export interface ConditionalBody {
  readonly condition: Pipeline;
  readonly body: Body;
}

export interface RangeNode {
  readonly kind: 'range';
  readonly offset: number;
  readonly pipeline: Pipeline;
  readonly body: Body;
  readonly otherwise: Body;
}

/** `template`, or the call of a `block`. */
export interface TemplateNode {
  readonly kind: 'template';
  readonly offset: number;
  readonly name: string;
  readonly pipeline: Pipeline | undefined;
}

export interface LoopControlNode {
  readonly kind: 'break' | 'continue';
  readonly offset: number;
}

export interface Pipeline {
  readonly kind: 'pipeline';
  readonly offset: number;
  /** With the dollar sign. */
  readonly variables: readonly string[];
  /** The variables are assigned, not declared. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

export interface Command {
  readonly kind: 'command';
  readonly offset: number;
  readonly first: Operand;
  /** The operands after the first. */
  readonly rest: readonly Operand[];
}

export type Operand =
  | Pipeline
  | FieldNode
  | VariableNode
  | ChainNode
  | FunctionNode
  | DotNode
  | NilNode
  | ConstantNode
  | StringNode;

/** `.A.B` */
export interface FieldNode {
  readonly kind: 'field';
  readonly offset: number;
  readonly names: readonly string[];
}

/** `$x.A.B` */
export interface VariableNode {
  readonly kind: 'variable';
  readonly offset: number;
  /** With the dollar sign. */
  readonly name: string;
  readonly fields: readonly string[];
}

/** `(pipeline).A.B` or `function.A.B` */
export interface ChainNode {
  readonly kind: 'chain';
  readonly offset: number;
  readonly operand: Pipeline | FunctionNode;
  readonly fields: readonly string[];
}

export interface FunctionNode {
  readonly kind: 'function';
  readonly offset: number;
  readonly name: string;
}

export interface DotNode {
  readonly kind: 'dot';
  readonly offset: number;
}

export interface NilNode {
  readonly kind: 'nil';
  readonly offset: number;
}

export interface ConstantNode {
  readonly kind: 'bool' | 'number';
  readonly offset: number;
  /** As written. */
  readonly text: string;
  readonly value: boolean | bigint | number;
}

export interface StringNode {
  readonly kind: 'string';
  readonly offset: number;
  /** As written, with its quotes. */
  readonly text: string;
  readonly value: string;
}

/** An operand, a command or a pipeline as text, for error messages. */
export function describeExpression(node: Operand | Command): string {
  switch (node.kind) {
    case 'pipeline':
      return describePipeline(node);
    case 'command':
      return [node.first, ...node.rest].map(describeNested).join(' ');
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [node.name, ...node.fields].join('.');
    case 'chain':
      return [describeNested(node.operand), ...node.fields].join('.');
    case 'function':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
    case 'number':
    case 'string':
      return node.text;
  }
}

function describePipeline({ variables, isAssignment, commands }: Pipeline): string {
  const operator = isAssignment ? ' = ' : ' := ';
  const target = variables.length === 0 ? '' : variables.join(', ') + operator;
  return target + commands.map(describeExpression).join(' | ');
}

function describeNested(operand: Operand): string {
  const text = describeExpression(operand);
  return operand.kind === 'pipeline' ? `(${text})` : text;
}

/** A `template` action as text, for error messages. */
export function describeTemplateNode(node: TemplateNode, { left, right }: Delimiters): string {
  const argument = node.pipeline === undefined ? '' : ` ${describeExpression(node.pipeline)}`;
  return `${left}template ${goQuote(node.name)}${argument}${right}`;
}
