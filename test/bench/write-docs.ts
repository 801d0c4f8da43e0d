/**
 * Puts the tables of the last results into docs/performance.md, between the marks for them:
 *
 *   make bench-docs
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeptResult, resultFile } from './report/bench-result.ts';
import { markdownTable } from './report/table.ts';
import { say } from './run-bench.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');

/** e.g. `<!-- bench: reads -->` ... `<!-- end -->`. */
const MARKED = /(<!-- bench: ([\w-]+) -->\n).*?(<!-- end -->)/gs;

let text = await readFile(DOCUMENT, 'utf8');
for (const [whole, begin = '', bench = '', end = ''] of text.matchAll(MARKED)) {
  const table = await tableOf(bench);
  if (table === undefined) say(`${bench}: no result, its table stays; see make help`);
  else text = text.replace(whole, () => `${begin}${table}${end}`);
}
await writeFile(DOCUMENT, text);

async function tableOf(bench: string): Promise<string | undefined> {
  const result = await readResult(resultFile(bench));
  if (result === undefined) return undefined;
  const { at, machine, columns, rows } = result;
  const memory = Math.round(machine.memoryBytes / 2 ** 30);
  return `\n${at.slice(0, 10)}, ${machine.processors} processors (${machine.processor}), ${memory} GiB, Node.js ${machine.node}:\n\n${markdownTable(columns, rows)}\n\n`;
}

async function readResult(file: string): Promise<KeptResult | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
