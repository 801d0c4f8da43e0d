import { nearestName } from '../text/nearest-name.ts';
import type { Flag } from './flag.ts';

/** A parsed command line, before combinations of flags are checked. */
export interface ParsedFlags {
  /** All faults, in the order of the command line; one sentence each. */
  readonly faults: readonly string[];
  /** About flags without effect, deprecated flags, and values that are probably a mistake. */
  readonly warnings: readonly string[];
  /** The arguments that are not flags, in order. */
  readonly positionals: readonly string[];
  /** The value of a flag of the table; its default if no valid value was given. */
  value<T>(flag: Flag<T>): T;
  /** Whether the flag was given. */
  isGiven(flag: Flag<unknown>): boolean;
  /** Whether the flag was given an invalid value. */
  isFaulty(flag: Flag<unknown>): boolean;
}

/** A flag on the command line. */
interface Occurrence {
  readonly flag: Flag<unknown>;
  /** As the user wrote it, e.g. `--secure-port` or `-v`. */
  readonly written: string;
  readonly text: string;
}

/**
 * Parses a command line as github.com/spf13/pflag does: `--name=value`, `--name value`, `--bool`,
 * `--bool=false`, `-v=4`, `-v 4`, `-v4`, combined shorthands, `--` before positional
 * arguments, flags and other arguments in any order. Underscores in names are equal to dashes. Unlike pflag,
 * it reports all faults.
 *
 * @param flags the table; names and shorthands must be unique
 * @param argv the arguments, without the program's name
 * @returns never throws
 */
export function parseFlags(flags: readonly Flag<unknown>[], argv: readonly string[]): ParsedFlags {
  const reader = new ArgumentReader(flags, argv);
  reader.readAll();
  const texts = new Map<string, string[]>();
  const faulty = new Set<string>();
  for (const { flag, written, text } of reader.occurrences) {
    const reading = flag.check(text);
    if ('expected' in reading) {
      faulty.add(flag.name);
      reader.faults.push(`${written}=${quoted(flag.show(text))}: expected ${reading.expected}`);
    }
    const given = texts.get(flag.name);
    if (given === undefined) {
      texts.set(flag.name, [text]);
    } else {
      given.push(text);
    }
  }
  return {
    faults: reader.faults,
    warnings: [...reader.warnings, ...flags.filter(({ name }) => texts.has(name)).flatMap(remarks)],
    positionals: reader.positionals,
    value: (flag) => flag.read(texts.get(flag.name) ?? []),
    isGiven: (flag) => texts.has(flag.name),
    isFaulty: (flag) => faulty.has(flag.name),
  };
}

/** Splits arguments into occurrences of flags and the rest. */
class ArgumentReader {
  readonly faults: string[] = [];
  readonly warnings: string[] = [];
  readonly positionals: string[] = [];
  readonly occurrences: Occurrence[] = [];
  readonly #argv: readonly string[];
  readonly #byName: ReadonlyMap<string, Flag<unknown>>;
  readonly #byShorthand: ReadonlyMap<string, Flag<unknown>>;
  #next = 0;

  constructor(flags: readonly Flag<unknown>[], argv: readonly string[]) {
    this.#argv = argv;
    this.#byName = new Map(flags.map((flag) => [flag.name, flag]));
    this.#byShorthand = new Map(
      flags.flatMap((flag) => (flag.shorthand === undefined ? [] : [[flag.shorthand, flag]])),
    );
  }

  readAll(): void {
    for (;;) {
      const argument = this.#take();
      if (argument === undefined) {
        return;
      }
      if (argument === '--') {
        this.positionals.push(...this.#argv.slice(this.#next));
        return;
      }
      if (argument.startsWith('--')) {
        this.#readLong(argument);
      } else if (argument.startsWith('-') && argument !== '-') {
        this.#readShort(argument);
      } else {
        this.positionals.push(argument);
      }
    }
  }

  #take(): string | undefined {
    const argument = this.#argv[this.#next];
    this.#next += 1;
    return argument;
  }

  #readLong(argument: string): void {
    const { name, text } = splitAtEquals(argument.slice(2));
    if (name === '' || name.startsWith('-')) {
      this.faults.push(`${quoted(argument)} is not a flag: expected --name or --name=value`);
      return;
    }
    const written = `--${name}`;
    const flag = this.#byName.get(normalized(name));
    if (flag === undefined) {
      this.#reportUnknown(printable(written), nearestName(normalized(name), this.#byName.keys()));
      this.#skipValueOfUnknown(text);
      return;
    }
    this.#add(flag, written, text);
  }

  /** `-v4`, `-v=4`, `-v 4`, or several shorthands, of which only the last may have a value. */
  #readShort(argument: string): void {
    const { name: word, text } = splitAtEquals(argument.slice(1));
    if (word.length > 1 && this.#byName.has(normalized(word))) {
      this.#reportUnknown(printable(`-${word}`), normalized(word));
      this.#skipValueOfUnknown(text);
      return;
    }
    let rest = argument.slice(1);
    while (rest !== '') {
      const [letter = ''] = rest;
      const written = `-${letter}`;
      const flag = this.#byShorthand.get(letter);
      rest = rest.slice(letter.length);
      if (flag === undefined) {
        // The message omits the value, which may be a secret.
        const context = word === letter ? '' : ` in ${quoted(`-${word}`)}`;
        const meant = nearestName(normalized(word), this.#byName.keys());
        this.#reportUnknown(`${printable(written)}${context}`, word.length > 1 ? meant : undefined);
        this.#skipValueOfUnknown(text);
        return;
      }
      if (rest.startsWith('=')) {
        this.#add(flag, written, rest.slice(1));
        return;
      }
      if (flag.impliedText !== undefined) {
        this.#add(flag, written, flag.impliedText);
      } else {
        this.#add(flag, written, rest === '' ? undefined : rest);
        return;
      }
    }
  }

  #add(flag: Flag<unknown>, written: string, attached: string | undefined): void {
    const text = attached ?? flag.impliedText ?? this.#take();
    if (text === undefined) {
      this.faults.push(`${written} needs a value: ${written}=${flag.kind.toUpperCase()}`);
      return;
    }
    if (attached === undefined && flag.impliedText === undefined && this.#isKnownFlag(text)) {
      this.warnings.push(
        `${written} has the next argument as its value: ${quoted(flag.show(text))}, which looks like a flag`,
      );
    }
    this.occurrences.push({ flag, written, text });
  }

  #isKnownFlag(text: string): boolean {
    return text.startsWith('--') && this.#byName.has(normalized(splitAtEquals(text.slice(2)).name));
  }

  #reportUnknown(written: string, meant: string | undefined): void {
    const suggestion = meant === undefined ? '' : ` (did you mean --${meant}?)`;
    this.faults.push(`unknown flag ${written}${suggestion}`);
  }

  /** The argument after an unknown flag is probably its value, so it is not reported. */
  #skipValueOfUnknown(attached: string | undefined): void {
    const following = this.#argv[this.#next];
    if (attached === undefined && following !== undefined && !following.startsWith('-')) {
      this.#next += 1;
    }
  }
}

function splitAtEquals(text: string): { name: string; text: string | undefined } {
  const at = text.indexOf('=');
  return at < 0
    ? { name: text, text: undefined }
    : { name: text.slice(0, at), text: text.slice(at + 1) };
}

function normalized(name: string): string {
  return name.replaceAll('_', '-');
}

function remarks(flag: Flag<unknown>): string[] {
  const deprecation = flag.deprecated === undefined ? [] : [`is deprecated: ${flag.deprecated}`];
  const effect = flag.effect === 'ignored' ? [`has no effect here: ${flag.note}`] : [];
  return [...deprecation, ...effect].map((remark) => `--${flag.name} ${remark}`);
}

const LONGEST_SHOWN = 200;

/** Any text in double quotes on one line. */
function quoted(text: string): string {
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
  return JSON.stringify(shown);
}

/** Unquoted if the text is printable ASCII, else as {@link quoted}. */
function printable(text: string): string {
  return text.length <= LONGEST_SHOWN && /^[\x21-\x7e]+$/.test(text) ? text : quoted(text);
}
