import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BenchArguments } from '../arguments/bench-arguments.ts';
import { type Machine, thisMachine } from './machine.ts';
import { type Column, markdownTable, type Row, textTable } from './table.ts';

/** What a bench found. */
export interface BenchResult {
  /** The name of its file, e.g. `reads`. */
  readonly bench: string;
  /** The parameters: sizes, durations, versions. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** A result as it is kept. */
export interface KeptResult extends BenchResult {
  readonly at: string;
  readonly machine: Machine;
}

const RESULTS = join(import.meta.dirname, '../results');

/** The default file for the result of a bench. */
export function resultFile(bench: string): string {
  return join(RESULTS, `${bench}.json`);
}

/** Prints the table and writes the file. */
export async function report(result: BenchResult, flags: BenchArguments): Promise<void> {
  const kept: KeptResult = { ...result, at: new Date().toISOString(), machine: thisMachine() };
  const file = flags.text('json') ?? resultFile(result.bench);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(kept, undefined, 2)}\n`);
  const table = flags.has('markdown') ? markdownTable : textTable;
  process.stdout.write(`${table(result.columns, result.rows)}\n`);
  process.stderr.write(`written to ${file}\n`);
}
