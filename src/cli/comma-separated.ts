/**
 * Splits one line of comma-separated values as the list flags of Kubernetes components do
 * (RFC 4180 by way of Go's `encoding/csv`): a field that starts with `"` runs to the next single
 * `"`, and `""` in it stands for one quote. Quotes inside an unquoted field are an error.
 *
 * @param text one line; a line break at its end is dropped
 * @returns the fields, none for an empty text; undefined where the text is not one line of
 *   comma-separated values
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

/** A field, quoted or bare, and what ends it: a comma or the end of the line. */
const FIELD = /^(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/;
