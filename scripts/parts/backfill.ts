import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/**
 * Writes samples with past timestamps into a Prometheus database, instead of minutes of scraping. Call it
 * before Prometheus is started with that directory.
 *
 * @param promtool path of the program
 * @param dataDir the database's directory (`--storage.tsdb.path`); created if it is missing
 * @param openMetricsText samples with timestamps in seconds, as OpenMetrics text that ends in `# EOF`
 * @throws Error with promtool's output if it rejects the text
 */
export async function backfill(
  promtool: string,
  dataDir: string,
  openMetricsText: string,
): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'backfill-'));
  try {
    const input = join(scratch, 'samples.om');
    await writeFile(input, openMetricsText);
    await mkdir(dataDir, { recursive: true });
    await runCommand(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', input, dataDir]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
