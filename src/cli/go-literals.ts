/**
 * Values in Go's notation, as the flags of Kubernetes components parse them with `strconv`.
 *
 * @see https://pkg.go.dev/strconv
 */

const TRUE_SPELLINGS: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE_SPELLINGS: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** `strconv.ParseBool`; undefined if Go reports an error. */
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
 * between digits; undefined if Go reports an error. Values beyond 2^53, which is outside the range of
 * every flag, lose precision.
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

/** A decimal number as `strconv.ParseFloat` parses it; undefined for others, infinities and NaN. */
export function parseGoFloat(text: string): number | undefined {
  const value = DECIMAL_FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Splits one line of comma-separated values as the list flags of Kubernetes components do (Go's
 * `encoding/csv`, RFC 4180): a field that starts with `"` ends at the next single `"`, and `""` in it is one
 * quote. Quotes inside an unquoted field are an error.
 *
 * @param text one line; a line break at its end is dropped
 * @returns the fields, none for an empty text; undefined if the text is not one line of comma-separated
 *   values
 */
export function splitCommaSeparated(text: string): readonly string[] | undefined {
  const line = text.replace(/\r?\n$/, '');
  if (line === '') {
    return [];
  }
  if (/[\r\n]/.test(line)) {
    return undefined;
  }
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = FIELD.exec(rest);
    if (match === null) {
      return undefined;
    }
    const [whole, quoted, bare, separator] = match;
    fields.push(quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'));
    if (separator === '') {
      return fields;
    }
    rest = rest.slice(whole.length);
  }
}

/** A field, quoted or unquoted, up to a comma or the end of the line. */
const FIELD = /^(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/;
