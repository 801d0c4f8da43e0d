import { BoundedText } from '../limits.ts';
import type { TemplateValue } from '../value.ts';
import { formatArgument } from './argument.ts';
import { type Flags, NO_FLAGS } from './flags.ts';
import { describeExtra } from './print.ts';

/** The maximum width, precision and argument number in Go. */
const MAX_NUMBER = 1_000_000;

/**
 * Prints values as Go's `fmt.Sprintf`. It never fails: faults of the format are part of the text, e.g. `%!d(string=x)`, `%!s(MISSING)`, `%!(EXTRA int=1)`.
 *
 * @see https://pkg.go.dev/fmt#hdr-Printing
 */
export function printf(format: string, values: readonly TemplateValue[]): string {
  return new Formatter(format, values).run();
}

class Formatter {
  readonly #format: string;
  readonly #values: readonly TemplateValue[];
  readonly #text = new BoundedText();
  #position = 0;
  /** The value for the next verb. */
  #index = 0;
  /** There was an explicit index, as in `%[2]d`: unused values are then allowed. */
  #isReordered = false;
  #hasGoodIndex = true;
  /** The last element was an explicit index. */
  #isBehindIndex = false;

  constructor(format: string, values: readonly TemplateValue[]) {
    this.#format = format;
    this.#values = values;
  }

  run(): string {
    while (this.#readLiteral()) {
      this.#readDirective();
    }
    if (!this.#isReordered && this.#index < this.#values.length) {
      const extra = this.#values.slice(this.#index).map(describeExtra);
      this.#text.append(`%!(EXTRA ${extra.join(', ')})`);
    }
    return this.#text.toString();
  }

  /** @returns whether a directive follows */
  #readLiteral(): boolean {
    const percent = this.#format.indexOf('%', this.#position);
    const end = percent === -1 ? this.#format.length : percent;
    this.#text.append(this.#format.slice(this.#position, end));
    this.#position = end + 1;
    return percent !== -1;
  }

  #readDirective(): void {
    this.#hasGoodIndex = true;
    this.#isBehindIndex = false;
    const signs = this.#readSigns();
    this.#readIndex();
    const sized = this.#readPrecision(this.#readWidth(signs));
    if (!this.#isBehindIndex) {
      this.#readIndex();
    }
    this.#formatVerb(this.#readCharacter(), sized);
  }

  #readSigns(): Flags {
    let flags = NO_FLAGS;
    for (;;) {
      switch (this.#format.charAt(this.#position)) {
        case '#':
          flags = { ...flags, sharp: true };
          break;
        case '0':
          flags = { ...flags, zero: !flags.minus };
          break;
        case '+':
          flags = { ...flags, plus: true };
          break;
        case '-':
          flags = { ...flags, minus: true, zero: false };
          break;
        case ' ':
          flags = { ...flags, space: true };
          break;
        default:
          return flags;
      }
      this.#position++;
    }
  }

  #readWidth(flags: Flags): Flags {
    if (this.#format.charAt(this.#position) === '*') {
      this.#position++;
      this.#isBehindIndex = false;
      return this.#withWidthArgument(flags);
    }
    const width = this.#readNumber();
    if (this.#isBehindIndex && width !== undefined) {
      this.#hasGoodIndex = false;
    }
    return { ...flags, width };
  }

  #withWidthArgument(flags: Flags): Flags {
    const width = this.#takeNumberArgument();
    if (width === undefined) {
      this.#text.append('%!(BADWIDTH)');
      return flags;
    }
    return width < 0 ? { ...flags, width: -width, minus: true, zero: false } : { ...flags, width };
  }

  #readPrecision(flags: Flags): Flags {
    const isLast = this.#position + 1 >= this.#format.length;
    if (isLast || this.#format.charAt(this.#position) !== '.') {
      return flags;
    }
    this.#position++;
    if (this.#isBehindIndex) {
      this.#hasGoodIndex = false;
    }
    this.#readIndex();
    if (this.#format.charAt(this.#position) === '*') {
      this.#position++;
      this.#isBehindIndex = false;
      return { ...flags, precision: this.#takePrecisionArgument() };
    }
    return { ...flags, precision: this.#readNumber() ?? 0 };
  }

  #takePrecisionArgument(): number | undefined {
    const precision = this.#takeNumberArgument();
    if (precision === undefined || precision < 0) {
      this.#text.append('%!(BADPREC)');
      return undefined;
    }
    return precision;
  }

  /** The width from a value: an integer within the limits. */
  #takeNumberArgument(): number | undefined {
    const value = this.#values[this.#index];
    if (this.#index < this.#values.length) {
      this.#index++;
    }
    const number = asInteger(value);
    return number === undefined || Math.abs(number) > MAX_NUMBER ? undefined : number;
  }

  /** Reads digits. A number that is too large consumes the rest of the format, as in Go. */
  #readNumber(): number | undefined {
    const digits = /\d*/y;
    digits.lastIndex = this.#position;
    const text = digits.exec(this.#format)?.[0] ?? '';
    this.#position += text.length;
    if (isTooLong(text)) {
      this.#position = this.#format.length;
      return undefined;
    }
    return text === '' ? undefined : Number(text);
  }

  /** Reads `[N]`, the index of the next value. */
  #readIndex(): void {
    this.#isBehindIndex = false;
    if (this.#format.charAt(this.#position) !== '[') {
      return;
    }
    this.#isReordered = true;
    const end = this.#format.indexOf(']', this.#position);
    // Go searches the bracket only if there is room for a number and a verb.
    if (end === -1 || this.#position + 3 > this.#format.length) {
      this.#position++;
      this.#hasGoodIndex = false;
      return;
    }
    const text = this.#format.slice(this.#position + 1, end);
    this.#position = end + 1;
    const isNumber = /^\d+$/.test(text) && !isTooLong(text);
    const number = isNumber ? Number(text) : 0;
    if (number >= 1 && number <= this.#values.length) {
      this.#index = number - 1;
    } else {
      this.#hasGoodIndex = false;
    }
    this.#isBehindIndex = isNumber;
  }

  #readCharacter(): string {
    const codePoint = this.#format.codePointAt(this.#position);
    const character = codePoint === undefined ? '' : String.fromCodePoint(codePoint);
    this.#position += character.length;
    return character;
  }

  #formatVerb(verb: string, flags: Flags): void {
    if (verb === '') {
      this.#text.append('%!(NOVERB)');
    } else if (verb === '%') {
      this.#text.append('%');
    } else if (!this.#hasGoodIndex) {
      this.#text.append(`%!${verb}(BADINDEX)`);
    } else if (this.#index >= this.#values.length) {
      this.#text.append(`%!${verb}(MISSING)`);
    } else {
      const value = this.#values[this.#index++] ?? null;
      this.#text.append(formatArgument(value, verb, verb === 'v' ? valueFlags(flags) : flags));
    }
  }
}

/** With `%v`, `#` and `+` change the syntax of the value. */
function valueFlags(flags: Flags): Flags {
  return { ...flags, sharp: false, plus: false, sharpV: flags.sharp, plusV: flags.plus };
}

function asInteger(value: TemplateValue | undefined): number | undefined {
  if (typeof value === 'bigint') {
    return Number(value);
  }
  return typeof value === 'object' && value?.kind === 'byte' ? value.value : undefined;
}

/** Go stops if the number is above the limit and another digit follows. */
function isTooLong(digits: string): boolean {
  return digits.length > 1 && Number(digits.slice(0, -1)) > MAX_NUMBER;
}
