import { echoedText } from '../text/shorten.ts';
import { parseInt64 } from './int64.ts';
import type { LabelSelector, Requirement, RequirementOperator } from './label-selector.ts';
import { SelectorError } from './label-selector.ts';
import { readTokens, type Token, type TokenReader } from './label-selector-token.ts';
import { labelKeyFaults, labelValueFaults } from './label-validation.ts';

const OPERATORS: ReadonlyMap<string, RequirementOperator> = new Map([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

/**
 * Parses a label selector in the form of the parameter `labelSelector`, e.g.
 * `app in (cart,pay),tier=front,!canary`. The empty text selects everything.
 *
 * Accepts and rejects the same selectors as Kubernetes 1.30, with the same messages. The exception is a NUL
 * character, which is rejected like other invalid characters.
 *
 * @param text any text
 * @throws SelectorError if the text is not a selector
 * @see https://pkg.go.dev/k8s.io/apimachinery/pkg/labels#Parse
 */
export function parseLabelSelector(text: string): LabelSelector {
  return parseRequirements(readTokens(text)).sort((a, b) => compare(a.key, b.key));
}

function parseRequirements(tokens: TokenReader): Requirement[] {
  if (tokens.peek().kind === 'end') {
    return [];
  }
  if (!startsRequirement(tokens.peek())) {
    throw new SelectorError(
      `found '${echoedText(tokens.peek().text)}', expected: !, identifier, or 'end of string'`,
    );
  }
  const requirements: Requirement[] = [];
  for (;;) {
    requirements.push(parseRequirement(tokens));
    const next = tokens.take();
    if (next.kind === 'end') {
      return requirements;
    }
    if (!isSymbol(next, ',')) {
      throw new SelectorError(`found '${echoedText(next.text)}', expected: ',' or 'end of string'`);
    }
    if (!startsRequirement(tokens.peek())) {
      throw new SelectorError(
        `found '${echoedText(tokens.peek().text)}', expected: identifier after ','`,
      );
    }
  }
}

function parseRequirement(tokens: TokenReader): Requirement {
  const negated = isSymbol(tokens.peek(), '!');
  if (negated) {
    tokens.take();
  }
  const key = parseKey(tokens);
  if (negated) {
    return { key, operator: '!', values: [] };
  }
  if (endsRequirement(tokens.peek())) {
    return { key, operator: 'exists', values: [] };
  }
  const operator = parseOperator(tokens);
  const values =
    operator === 'in' || operator === 'notin' ? parseValues(tokens) : [parseExactValue(tokens)];
  return checkRequirement({ key, operator, values: [...new Set(values)].sort(compare) });
}

function parseKey(tokens: TokenReader): string {
  const { kind, text } = tokens.take();
  if (kind !== 'word') {
    throw requirementError(`found '${echoedText(text)}', expected: identifier`);
  }
  const faults = labelKeyFaults(text);
  if (faults.length > 0) {
    throw requirementError(`<nil>: ${invalidValue(text, faults)}`);
  }
  return text;
}

function parseOperator(tokens: TokenReader): RequirementOperator {
  const { text } = tokens.take();
  const operator = OPERATORS.get(text);
  if (operator === undefined) {
    throw requirementError(
      `found '${echoedText(text)}', expected: ${[...OPERATORS.values()].join(', ')}`,
    );
  }
  return operator;
}

/** The value after operators such as `=`. It may be empty. */
function parseExactValue(tokens: TokenReader): string {
  if (endsRequirement(tokens.peek())) {
    return '';
  }
  const { kind, text } = tokens.take();
  if (kind !== 'word') {
    throw requirementError(`found '${echoedText(text)}', expected: identifier`);
  }
  return text;
}

/** The list after `in` and `notin`; `()` has the empty value. */
function parseValues(tokens: TokenReader): string[] {
  const open = tokens.take();
  if (!isSymbol(open, '(')) {
    throw requirementError(`found '${echoedText(open.text)}' expected: '('`);
  }
  const first = tokens.peek();
  if (isSymbol(first, ')')) {
    tokens.take();
    return [''];
  }
  if (first.kind !== 'word' && !isSymbol(first, ',')) {
    throw requirementError(`found '${echoedText(first.text)}', expected: ',', ')' or identifier`);
  }
  return parseValueList(tokens);
}

/**
 * The values up to and including `)`. There is an empty value before a leading comma, after a trailing comma and
 * between two commas. As in Kubernetes, two commas in a row are one separator, and `(a,,)` is rejected.
 */
function parseValueList(tokens: TokenReader): string[] {
  const values: string[] = [];
  for (;;) {
    const token = tokens.take();
    if (token.kind === 'word') {
      values.push(token.text);
      expectAfterValue(tokens.peek());
    } else if (isSymbol(token, ',')) {
      if (values.length === 0 || startsEmptyValue(tokens.peek())) {
        values.push('');
      }
      if (isSymbol(tokens.peek(), ',')) {
        tokens.take();
        continue;
      }
    } else {
      throw requirementError(`found '${echoedText(token.text)}', expected: ',', or identifier`);
    }
    if (isSymbol(tokens.peek(), ')')) {
      tokens.take();
      return values;
    }
  }
}

/** A comma followed by another one or by the end of the list means an empty value. */
function startsEmptyValue(token: Token): boolean {
  return isSymbol(token, ',') || isSymbol(token, ')');
}

function expectAfterValue(token: Token): void {
  if (!isSymbol(token, ',') && !isSymbol(token, ')')) {
    throw requirementError(`found '${echoedText(token.text)}', expected: ',' or ')'`);
  }
}

/** @throws SelectorError if the values are invalid for the operator or for a label */
function checkRequirement(requirement: Requirement): Requirement {
  const faults = [...integerFaults(requirement), ...valueFaults(requirement)];
  const [fault] = faults;
  if (fault !== undefined) {
    throw requirementError(faults.length === 1 ? fault : `[${faults.join(', ')}]`);
  }
  return requirement;
}

function integerFaults({ operator, values }: Requirement): string[] {
  if (operator !== 'gt' && operator !== 'lt') {
    return [];
  }
  return values.flatMap((value, index) =>
    parseInt64(value) === undefined
      ? `values[${index}]: ${invalidValue(value, ["for 'Gt', 'Lt' operators, the value must be an integer"])}`
      : [],
  );
}

function valueFaults({ key, values }: Requirement): string[] {
  return values.flatMap((value, index) => {
    const faults = labelValueFaults(value);
    return faults.length > 0
      ? `values[${index}][${echoedText(key)}]: ${invalidValue(value, faults)}`
      : [];
  });
}

function requirementError(message: string): SelectorError {
  return new SelectorError(`unable to parse requirement: ${message}`);
}

/** Kubernetes quotes with Go's `%q`, which is the same except for unprintable characters. */
function invalidValue(value: string, faults: readonly string[]): string {
  return `Invalid value: ${JSON.stringify(echoedText(value))}: ${faults.join('; ')}`;
}

function startsRequirement(token: Token): boolean {
  return token.kind === 'word' || isSymbol(token, '!');
}

function endsRequirement(token: Token): boolean {
  return token.kind === 'end' || isSymbol(token, ',');
}

function isSymbol(token: Token, symbol: string): boolean {
  return token.kind === 'symbol' && token.text === symbol;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
