/**
 * Go's spellings of simple values, as `strconv` and so the flags of every Kubernetes component
 * read them.
 *
 * @see https://pkg.go.dev/strconv
 */

const TRUE_SPELLINGS: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_SPELLINGS: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** `strconv.ParseBool`; undefined where Go reports an error. */
export function parseGoBool(text: string): boolean | undefined {
  if (TRUE_SPELLINGS.has(text)) {
    return true;
  }
  return FALSE_SPELLINGS.has(text) ? false : undefined;
}

const INTEGER =
  /^([+-]?)(?:0[xX]((?:_?[0-9a-fA-F])+)|0[bB]((?:_?[01])+)|0[oO]?((?:_?[0-7])+)|(0|[1-9](?:_?[0-9])*))$/;

/**
 * `strconv.ParseInt` with base 0: decimal, `0x`, `0b`, `0o` or a leading `0` for octal, with `_`
 * between digits; undefined where Go reports an error. The outcome loses precision beyond
 * 2^53, where every flag's range has long ended.
 */
export function parseGoInteger(text: string): number | undefined {
  const match = INTEGER.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, hexadecimal, binary, octal, decimal] = match;
  const magnitude =
    digits(hexadecimal, 16) ?? digits(binary, 2) ?? digits(octal, 8) ?? digits(decimal, 10) ?? 0;
  return sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
}

function digits(text: string | undefined, base: number): number | undefined {
  return text === undefined ? undefined : Number.parseInt(text.replaceAll('_', ''), base);
}

const DECIMAL_FLOAT = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** The decimal numbers of `strconv.ParseFloat`; infinities and NaN are no use in a flag and refused. */
export function parseGoFloat(text: string): number | undefined {
  const value = DECIMAL_FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
