import { parseArgs } from 'node:util';

/** One flag of a bench. */
export interface BenchFlag {
  /** The name of its value in the help, e.g. `URL`; absent: it has none. */
  readonly value?: string;
  readonly default?: string;
  /** It may be given several times. */
  readonly repeated?: boolean;
  readonly help: string;
}

/** The given flags, by name. Reading a flag that the bench does not have throws. */
export interface BenchArguments {
  has(name: string): boolean;
  /** Its value or its default; undefined where there is neither. */
  text(name: string): string | undefined;
  /** Throws where there is neither a value nor a default. */
  needed(name: string): string;
  /** All values of a repeated flag. */
  all(name: string): readonly string[];
  /** A whole number from 1 on. */
  count(name: string): number;
  /** Whole numbers from 1 on, separated by commas. */
  counts(name: string): readonly number[];
}

/** The command line is invalid; the message has the reason. */
export class BenchArgumentError extends Error {
  override readonly name = 'BenchArgumentError';
}

/** @throws BenchArgumentError for an unknown flag, or one without its value */
export function parseBenchArguments(
  argv: readonly string[],
  flags: Readonly<Record<string, BenchFlag>>,
): BenchArguments {
  const given = parsed(argv, flags);
  const flag = (name: string): BenchFlag => {
    const found = flags[name];
    if (found === undefined) throw new Error(`the bench has no flag --${name}`);
    return found;
  };
  const all = (name: string): readonly string[] => {
    const { default: byDefault } = flag(name);
    const values = given.get(name) ?? [];
    return values.length > 0 || byDefault === undefined ? values : [byDefault];
  };
  const text = (name: string): string | undefined => all(name).at(-1);
  const needed = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new BenchArgumentError(`--${name} is needed here`);
    return value;
  };
  return {
    has: (name) => flag(name) !== undefined && given.has(name),
    text,
    needed,
    all,
    count: (name) => wholeNumber(name, needed(name)),
    counts: (name) =>
      needed(name)
        .split(',')
        .map((each) => wholeNumber(name, each)),
  };
}

/** The help text of a bench. */
export function benchHelp(summary: string, flags: Readonly<Record<string, BenchFlag>>): string {
  const lines = Object.entries(flags).map(([name, { value, default: byDefault, help }]) => {
    const left = `  --${name}${value === undefined ? '' : `=${value}`}`;
    return `${left.padEnd(30)} ${help}${byDefault === undefined ? '' : ` (${byDefault})`}\n`;
  });
  return `${summary}\n\n${lines.join('')}`;
}

function parsed(
  argv: readonly string[],
  flags: Readonly<Record<string, BenchFlag>>,
): ReadonlyMap<string, readonly string[]> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value }]) => {
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, multiple: true }];
    }),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options });
    return new Map(
      Object.entries(values).map(([name, value]) => [name, [value ?? []].flat().map(String)]),
    );
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new BenchArgumentError(error.message, { cause: error });
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new BenchArgumentError(`--${name}: expected whole numbers from 1 on, not ${text}`);
  }
  return value;
}
