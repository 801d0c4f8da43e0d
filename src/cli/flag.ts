import { isIP } from 'node:net';
import { DurationError, formatGoDuration, parseGoDuration } from '../apimachinery/go-duration.ts';
import { listed } from '../text/listing.ts';
import { parseGoBool, parseGoFloat, parseGoInteger, splitCommaSeparated } from './go-literals.ts';

/**
 * The longest time in milliseconds that Node.js's timers wait (about 24.8 days); they fire at once
 * when asked for more, so no interval and no timeout may be longer.
 */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * What a flag does in this program:
 * - `used`: its value is acted upon.
 * - `ignored`: it is accepted for the sake of existing manifests and has no meaning here.
 */
export type FlagEffect = 'used' | 'ignored';

/** What one text given for a flag says: its value, or what would have been a value. */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

/**
 * One flag of a command line. The type parameter is the type of its value, so that what comes out
 * of `ParsedFlags.value` needs no cast.
 */
export interface Flag<T> {
  /** With dashes, without the leading two. */
  readonly name: string;
  /** One letter, e.g. `v` for `-v`. */
  readonly shorthand?: string;
  /** What stands for the value in the help, e.g. `duration`; `bool` flags need none. */
  readonly kind: string;
  readonly defaultValue: T;
  /** The default as one would write it; empty where there is nothing to show. */
  readonly defaultText: string;
  readonly help: string;
  readonly effect: FlagEffect;
  /** For flags that are not `used`: why it has no effect, and what to do instead. */
  readonly note?: string;
  /** What to use instead. */
  readonly deprecated?: string;
  /** The value that the flag has when it is given without one. */
  readonly impliedText?: string;
  /** The text as it may be shown in a message: without the secrets that it may hold. */
  show(text: string): string;
  /** Whether a single text is a value of this flag. */
  check(text: string): Reading<unknown>;
  /**
   * The value that comes of all texts given for this flag, in their order; texts that are no
   * value do not count. Without any, the default.
   */
  read(texts: readonly string[]): T;
}

type Effect = { readonly effect?: 'used' } | { readonly effect: 'ignored'; readonly note: string };

/** What every flag says about itself. */
export type FlagDescription = Effect & {
  readonly name: string;
  readonly shorthand?: string;
  /** Overrides the kind's own name for its value. */
  readonly kind?: string;
  readonly help: string;
  readonly deprecated?: string;
  readonly show?: (text: string) => string;
};

type Described<T> = FlagDescription & { readonly default: T };

/** A kind with more characters would be hard to read in the help. */
const LONGEST_KIND = 30;

interface Range {
  /** Inclusive. */
  readonly from?: number;
  /** Inclusive. */
  readonly to?: number;
}

/** A flag with one value; the last one given wins. */
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

/** A flag that may be repeated; the first one given takes the place of the default. */
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
 * The kinds of flags, read as github.com/spf13/pflag does.
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

  /** `--name` alone means true; otherwise one of Go's spellings. */
  bool(description: Described<boolean>): Flag<boolean> {
    return {
      ...scalar(description, 'bool', description.default ? 'true' : '', (text) =>
        expecting('true or false', parseGoBool(text)),
      ),
      impliedText: 'true',
    };
  },

  /** A whole number in Go's notation. */
  int(description: Described<number> & Range): Flag<number> {
    const { from = -(2 ** 31), to = 2 ** 31 - 1 } = description;
    return scalar(description, 'int', nonZero(description.default), (text) => {
      const value = parseGoInteger(text);
      const isInRange = value !== undefined && value >= from && value <= to;
      return expecting(`a whole number from ${from} to ${to}`, isInRange ? value : undefined);
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

  /** A text that says several items; the flag may be repeated. */
  list<T>(
    description: Described<readonly T[]> & {
      readonly kind: string;
      readonly parse: (text: string) => Reading<readonly T[]>;
    },
  ): Flag<readonly T[]> {
    return list(description, description.kind, '', description.parse);
  },

  /** One item each time the flag is given; commas mean nothing. */
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

  /** `key=value,key=value`; the flag may be repeated, the last value of a key wins. */
  map<T>(
    description: Described<ReadonlyMap<string, T>> & {
      readonly kind: string;
      /** What is expected, e.g. `feature=true or feature=false, separated by commas`. */
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

  /** A text with a grammar of its own. */
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
