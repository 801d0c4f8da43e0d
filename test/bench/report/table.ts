/** A column of a table; `key` is the field of the rows. */
export interface Column {
  readonly key: string;
  readonly title: string;
  /** Digits behind the point. Default: 0. */
  readonly digits?: number;
}

/** Null: not known, e.g. the CPU time of an adapter on another machine. */
export type Row = Readonly<Record<string, string | number | null>>;

/** For people at a terminal: columns of equal width, numbers to the right. */
export function textTable(columns: readonly Column[], rows: readonly Row[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => textsOf(columns, row))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const isNumber = columns.map(({ key }) => rows.some((row) => typeof row[key] === 'number'));
  return cells
    .map((line) =>
      line
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          return isNumber[at] ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As in docs/performance.md. */
export function markdownTable(columns: readonly Column[], rows: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const alignment = columns.map(({ key }) =>
    rows.some((row) => typeof row[key] === 'number') ? '--:' : '---',
  );
  return [
    line(columns.map(({ title }) => title)),
    `|${alignment.join('|')}|`,
    ...rows.map((row) => line(textsOf(columns, row))),
  ].join('\n');
}

function textsOf(columns: readonly Column[], row: Row): readonly string[] {
  return columns.map(({ key, digits = 0 }) => {
    const value = row[key] ?? null;
    if (value === null) return '-';
    return typeof value === 'number' ? withDigits(value, digits) : value;
  });
}

function withDigits(value: number, digits: number): string {
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
