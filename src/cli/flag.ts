import { isIP } from 'node:net';
import { DurationError, formatGoDuration, parseGoDuration } from '../apimachinery/go-duration.ts';
import { listed } from '../text/listing.ts';
import { parseGoBool, parseGoFloat, parseGoInteger, splitCommaSeparated } from './go-literals.ts';

/**
 * The maximum delay of timers in Node.js, in milliseconds (about 24.8 days). A timer with a longer delay
 * fires at once, so no interval and no timeout may be longer.
 */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The effect of a flag:
 * - `used`: the program uses its value.
 * - `ignored`: the flag is accepted for existing manifests and has no effect.
 */
export type FlagEffect = 'used' | 'ignored';

/** The value of a text given for a flag, or a description of the values that are expected. */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

/**
 * A flag of a command line. The type parameter is the type of its value, so that `ParsedFlags.value` needs
 * no cast.
 */
export interface Flag<T> {
  /** With dashes, without the leading two. */
  readonly name: string;
  /** One letter, e.g. `v` for `-v`. */
  readonly shorthand?: string;
  /** The placeholder of the value in the help, e.g. `duration`. */
  readonly kind: string;
  readonly defaultValue: T;
  /** The default as text; empty if the help shows none. */
  readonly defaultText: string;
  readonly help: string;
  readonly effect: FlagEffect;
  /** For ignored flags: why it has no effect, and what to do instead. */
  readonly note?: string;
  /** What to use instead. */
  readonly deprecated?: string;
  /** The value of the flag when it is given without a value. */
  readonly impliedText?: string;
  /** The text without secrets, for messages. */
  show(text: string): string;
  /** Parses a single text. */
  check(text: string): Reading<unknown>;
  /**
   * The value for all texts given for this flag, in their order. Invalid texts are ignored. Without any
   * text, the default.
   */
  read(texts: readonly string[]): T;
}

type Effect = { readonly effect?: 'used' } | { readonly effect: 'ignored'; readonly note: string };

/** The common part of the descriptions of flags. */
export type FlagDescription = Effect & {
  readonly name: string;
  readonly shorthand?: string;
  /** Overrides the placeholder of the kind of flag. */
  readonly kind?: string;
  readonly help: string;
  readonly deprecated?: string;
  readonly show?: (text: string) => string;
};

type Described<T> = FlagDescription & { readonly default: T };

/** A longer placeholder would be hard to read in the help. */
const LONGEST_KIND = 30;

interface Range {
  /** Inclusive. */
  readonly from?: number;
  /** Inclusive. */
  readonly to?: number;
}

/** A flag with one value. The last one given is used. */
function scalar<T>(
  description: Described<T>,
  kind: string,
  defaultText: string,
  parse: (text: string) => Reading<T>,
): Flag<T> {
  return {
    ...face(description, kind),
    defaultValue: description.default,
    defaultText,
    check: parse,
    read: (texts) => values(texts, parse).at(-1) ?? description.default,
  };
}

/** A flag that may be repeated. Its values replace the default. */
function list<T>(
  description: Described<readonly T[]>,
  kind: string,
  defaultText: string,
  parse: (text: string) => Reading<readonly T[]>,
): Flag<readonly T[]> {
  return {
    ...face(description, kind),
    defaultValue: description.default,
    defaultText,
    check: parse,
    read: (texts) => {
      const given = values(texts, parse);
      return given.length === 0 ? description.default : given.flat();
    },
  };
}

function face(description: FlagDescription, kind: string) {
  return {
    name: description.name,
    ...(description.shorthand === undefined ? {} : { shorthand: description.shorthand }),
    kind: description.kind ?? kind,
    help: description.help,
    effect: description.effect ?? 'used',
    ...('note' in description ? { note: description.note } : {}),
    ...(description.deprecated === undefined ? {} : { deprecated: description.deprecated }),
    show: description.show ?? ((text: string) => text),
  };
}

function values<T>(texts: readonly string[], parse: (text: string) => Reading<T>): T[] {
  return texts.flatMap((text) => {
    const reading = parse(text);
    return 'value' in reading ? [reading.value] : [];
  });
}

/**
 * The kinds of flags, with the syntax of github.com/spf13/pflag.
 *
 * @example
 * const port = flag.int({ name: 'secure-port', default: 443, from: 0, to: 65535, help: '…' });
 * port.read(['0x10']); // 16, a number
 */
export const flag = {
  /** Any text. */
  string(description: Described<string>): Flag<string> {
    return scalar(description, 'string', quoteUnlessEmpty(description.default), (text) => ({
      value: text,
    }));
  },

  /** `--name` alone means true. Otherwise a bool in Go's notation. */
  bool(description: Described<boolean>): Flag<boolean> {
    return {
      ...scalar(description, 'bool', description.default ? 'true' : '', (text) =>
        expecting('true or false', parseGoBool(text)),
      ),
      impliedText: 'true',
    };
  },

  /** An integer in Go's notation. */
  int(description: Described<number> & Range): Flag<number> {
    const { from = -(2 ** 31), to = 2 ** 31 - 1 } = description;
    return scalar(description, 'int', nonZero(description.default), (text) => {
      const value = parseGoInteger(text);
      const isInRange = value !== undefined && value >= from && value <= to;
      return expecting(`an integer from ${from} to ${to}`, isInRange ? value : undefined);
    });
  },

  /** A decimal number. */
  float(description: Described<number>): Flag<number> {
    return scalar(description, 'float', nonZero(description.default), (text) =>
      expecting('a number', parseGoFloat(text)),
    );
  },

  /** A Go duration such as `1m30s`; the value is in milliseconds. */
  duration(description: Described<number> & Range): Flag<number> {
    const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = description;
    return scalar(description, 'duration', durationText(description.default), (text) => {
      const value = milliseconds(text);
      if (value === undefined) {
        return { expected: 'a duration such as 30s, 10m or 1h30m' };
      }
      if (value < from) {
        return { expected: `a duration of at least ${formatGoDuration(from)}` };
      }
      return value > to ? { expected: `a duration of at most ${formatGoDuration(to)}` } : { value };
    });
  },

  /** An IP address. */
  ip(description: Described<string>): Flag<string> {
    return scalar(description, 'ip', description.default, (text) =>
      expecting('an IP address', isIP(text.trim()) === 0 ? undefined : text.trim()),
    );
  },

  /** One of a few words. */
  oneOf<const Word extends string>(
    description: Described<NoInfer<Word>> & { readonly words: readonly Word[] },
  ): Flag<Word> {
    const { words } = description;
    const joined = words.join('|');
    return scalar<Word>(
      description,
      joined.length > LONGEST_KIND ? 'word' : joined,
      quoteUnlessEmpty(description.default),
      (text) =>
        expecting(
          listed(
            words.map((word) => word || 'nothing'),
            'or',
          ),
          words.find((word) => word === text),
        ),
    );
  },

  /** Comma-separated, and the flag may be repeated. */
  stringSlice(description: Described<readonly string[]>): Flag<readonly string[]> {
    return list(description, 'strings', description.default.join(','), (text) =>
      expecting(
        'values separated by commas, those with a comma or quote in double quotes',
        splitCommaSeparated(text),
      ),
    );
  },

  /** A text with several items. The flag may be repeated. */
  list<T>(
    description: Described<readonly T[]> & {
      readonly kind: string;
      readonly parse: (text: string) => Reading<readonly T[]>;
    },
  ): Flag<readonly T[]> {
    return list(description, description.kind, '', description.parse);
  },

  /** One item each time the flag is given. Commas are part of the item. */
  array<T>(
    description: Described<readonly T[]> & {
      readonly kind: string;
      readonly parse: (text: string) => Reading<T>;
    },
  ): Flag<readonly T[]> {
    return list(description, description.kind, '', (text) => {
      const reading = description.parse(text);
      return 'value' in reading ? { value: [reading.value] } : reading;
    });
  },

  /** `key=value,key=value`. The flag may be repeated; the last value of a key is used. */
  map<T>(
    description: Described<ReadonlyMap<string, T>> & {
      readonly kind: string;
      /** The expected value, e.g. `feature=true or feature=false, separated by commas`. */
      readonly expected: string;
      readonly parse: (value: string) => T | undefined;
    },
  ): Flag<ReadonlyMap<string, T>> {
    const entries = (text: string) =>
      expecting(description.expected, parseEntries(text, description.parse));
    const joined = list({ ...description, default: [] }, description.kind, '', entries);
    return {
      ...joined,
      defaultValue: description.default,
      check: entries,
      read: (texts) => (texts.length === 0 ? description.default : new Map(joined.read(texts))),
    };
  },

  /** A text with a special syntax. */
  parsed<T>(
    description: Described<T> & {
      readonly kind: string;
      readonly defaultText?: string;
      readonly parse: (text: string) => Reading<T>;
    },
  ): Flag<T> {
    return scalar(description, description.kind, description.defaultText ?? '', description.parse);
  },
};

function parseEntries<T>(
  text: string,
  parse: (value: string) => T | undefined,
): readonly (readonly [string, T])[] | undefined {
  const entries: (readonly [string, T])[] = [];
  for (const part of text.split(',').filter((piece) => piece.trim() !== '')) {
    const at = part.indexOf('=');
    const key = part.slice(0, at).trim();
    const value = at > 0 && key !== '' ? parse(part.slice(at + 1).trim()) : undefined;
    if (value === undefined) {
      return undefined;
    }
    entries.push([key, value]);
  }
  return entries;
}

function milliseconds(text: string): number | undefined {
  try {
    return parseGoDuration(text);
  } catch (error) {
    if (error instanceof DurationError) {
      return undefined;
    }
    throw error;
  }
}

function expecting<T>(expected: string, value: T | undefined): Reading<T> {
  return value === undefined ? { expected } : { value };
}

function quoteUnlessEmpty(text: string): string {
  return text === '' ? '' : JSON.stringify(text);
}

function nonZero(value: number): string {
  return value === 0 ? '' : String(value);
}

function durationText(milliseconds: number): string {
  return milliseconds === 0 ? '' : formatGoDuration(milliseconds);
}
