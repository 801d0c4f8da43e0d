import type { TemplateValue } from './value.ts';

/** The variables of a template during its execution. The innermost is on top. */
export class VariableStack {
  readonly #variables: { readonly name: string; value: TemplateValue }[];

  /** @param data the value of `$` */
  constructor(data: TemplateValue) {
    this.#variables = [{ name: '$', value: data }];
  }

  declare(name: string, value: TemplateValue): void {
    this.#variables.push({ name, value });
  }

  /** Sets the innermost variable with a name. @returns whether there is one */
  assign(name: string, value: TemplateValue): boolean {
    const variable = this.#variables.findLast((candidate) => candidate.name === name);
    if (variable === undefined) {
      return false;
    }
    variable.value = value;
    return true;
  }

  /** Sets the variable at a place from the top, counted from 1. */
  replaceTop(place: number, value: TemplateValue): void {
    const variable = this.#variables.at(-place);
    if (variable !== undefined) {
      variable.value = value;
    }
  }

  /** The value of the innermost variable with a name. */
  find(name: string): TemplateValue | undefined {
    return this.#variables.findLast((candidate) => candidate.name === name)?.value;
  }

  /** The number of variables; `release` drops those declared since. */
  get size(): number {
    return this.#variables.length;
  }

  release(size: number): void {
    this.#variables.length = size;
  }
}
