/** The properties of a regular expression that are known without compiling it. */
export interface RegexpOutline {
  /** The names of the capture groups in their order; empty for those without. */
  readonly groupNames: readonly string[];
  /**
   * The expression with unique group names. Go's regexp allows groups with the same name, other RE2
   * implementations do not.
   */
  readonly uniquelyNamed: string;
  /** The approximate number of instructions of the compiled expression. */
  readonly size: number;
  /** Whether a group is named as in `(?<a>b)`, without the `P` that Go 1.21 and older need. */
  readonly hasNameWithoutP: boolean;
  /** The maximum number of repetitions of a part. Nested counts are multiplied. */
  readonly repetitions: number;
}

/**
 * Finds the groups of a regular expression in RE2's syntax and estimates its size. Does not
 * check it: the result is meaningless for an expression that does not compile.
 */
export function outlineRegexp(source: string): RegexpOutline {
  return new Scanner(source).run();
}

const NAMED_GROUP = /\(\?P?<(?<name>[^>]*)>/y;
const FLAGS = /\(\?[^:)]*(?<end>[:)]?)/y;
const REPETITION = /\{(?<min>\d+)(?:,(?<max>\d*))?\}/y;
/** An escape, with its braces if it has any. */
const ESCAPE = /\\(?:[pPx]\{[^}]*\}|.)?/suy;
const LITERAL_TEXT = /\\Q(?<text>.*?)(?:\\E|$)/sy;
/** A bracket expression. A `]` at its start is part of it, as are classes such as `[:alpha:]`. */
const CLASS = /\[\^?\]?(?:\[:\^?[a-z]*:\]|\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\]?/sy;

class Scanner {
  readonly #source: string;
  #position = 0;
  #hasNameWithoutP = false;
  #output = '';
  readonly #groupNames: string[] = [];
  readonly #namesSeen = new Set<string>();
  /** The sizes of the enclosing groups, from the outermost to the innermost. */
  readonly #sizesAround: number[] = [];
  #size = 0;
  /** The size of the last element, which a repetition multiplies. */
  #last = 0;
  /** The numbers of repetitions, likewise: of enclosing groups, of this group so far, of the last element. */
  readonly #repetitionsAround: number[] = [];
  #repetitions = 1;
  #lastRepetitions = 1;

  constructor(source: string) {
    this.#source = source;
  }

  run(): RegexpOutline {
    while (this.#position < this.#source.length) {
      this.#scanOne();
    }
    const size = this.#sizesAround.reduce((sum, part) => sum + part, this.#size);
    const repetitions = this.#repetitionsAround.reduce(
      (most, times) => Math.max(most, times),
      this.#repetitions,
    );
    return {
      groupNames: this.#groupNames,
      uniquelyNamed: this.#output,
      size,
      hasNameWithoutP: this.#hasNameWithoutP,
      repetitions,
    };
  }

  #scanOne(): void {
    switch (this.#source.charAt(this.#position)) {
      case '(':
        this.#scanGroup();
        break;
      case ')':
        this.#closeGroup();
        break;
      case '[':
        this.#copy(this.#match(CLASS)?.[0] ?? '[');
        this.#add(1);
        break;
      case '\\':
        this.#scanEscape();
        break;
      case '{':
        this.#scanRepetition();
        break;
      default:
        this.#copy(this.#source.charAt(this.#position));
        this.#add(1);
    }
  }

  #scanGroup(): void {
    const named = this.#match(NAMED_GROUP);
    if (named !== undefined) {
      this.#openNamedGroup(named[0], named.groups?.name ?? '');
      return;
    }
    const flags = this.#match(FLAGS);
    this.#copy(flags?.[0] ?? '(');
    if (flags === undefined) {
      this.#groupNames.push('');
    }
    if (flags?.groups?.end !== ')') {
      this.#openGroup();
    }
  }

  #openNamedGroup(text: string, name: string): void {
    let unique = name;
    while (this.#namesSeen.has(unique)) {
      unique += `_${this.#groupNames.length}`;
    }
    const opening = text.slice(0, text.indexOf('<') + 1);
    this.#output += `${opening}${unique}>`;
    this.#position += text.length;
    this.#hasNameWithoutP ||= !opening.includes('P');
    this.#namesSeen.add(unique);
    this.#groupNames.push(name);
    this.#openGroup();
  }

  #openGroup(): void {
    this.#sizesAround.push(this.#size);
    this.#size = 2;
    this.#repetitionsAround.push(this.#repetitions);
    this.#repetitions = 1;
  }

  #closeGroup(): void {
    this.#copy(')');
    const inside = this.#size;
    this.#size = this.#sizesAround.pop() ?? 0;
    const repetitions = this.#repetitions;
    this.#repetitions = this.#repetitionsAround.pop() ?? 1;
    this.#add(inside, repetitions);
  }

  #scanEscape(): void {
    const literal = this.#match(LITERAL_TEXT);
    if (literal !== undefined) {
      this.#copy(literal[0]);
      this.#add(literal.groups?.text?.length ?? 0);
      this.#last = 1;
    } else {
      this.#copy(this.#match(ESCAPE)?.[0] ?? '\\');
      this.#add(1);
    }
  }

  #scanRepetition(): void {
    const repetition = this.#match(REPETITION);
    this.#copy(repetition?.[0] ?? '{');
    if (repetition === undefined) {
      this.#add(1);
      return;
    }
    const { min = '', max = '' } = repetition.groups ?? {};
    const times = Math.max(Number(min), Number(max), 1);
    // An optional copy needs a further instruction.
    const repeated = (this.#last + 1) * times;
    this.#size += repeated - this.#last;
    this.#last = repeated;
    this.#setRepetitions(this.#lastRepetitions * times);
  }

  #add(size: number, repetitions = 1): void {
    this.#size += size;
    this.#last = size;
    this.#setRepetitions(repetitions);
  }

  #setRepetitions(ofLast: number): void {
    this.#lastRepetitions = ofLast;
    this.#repetitions = Math.max(this.#repetitions, ofLast);
  }

  #copy(text: string): void {
    this.#output += text;
    this.#position += text.length;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    return pattern.exec(this.#source) ?? undefined;
  }
}
