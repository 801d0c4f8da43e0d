// Writes verdicts.json, the results of many queries in releases of Prometheus:
// scripts/with-node node test/promql-verdicts/write.ts
import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { ACCEPTERS } from './accepters.ts';
import { queryArbitrary, selectorArbitrary } from './corpus.ts';
import handwritten from './handwritten.json' with { type: 'json' };
import { areAllReleases, startVerdictServers } from './servers.ts';

const SEED = 10;
const QUERIES = 5000;
const SELECTORS = 1000;
/** Requests at once. */
const BATCH = 16;

const servers = await startVerdictServers();
try {
  if (!areAllReleases(servers.versions)) {
    throw new Error(`not all releases can be run: found ${servers.versions.join(', ')}`);
  }
  const queries = await verdictsOn(
    [...handwritten.queries, ...fc.sample(queryArbitrary, { seed: SEED, numRuns: QUERIES })],
    servers.query,
  );
  const seriesSelectors = await verdictsOn(
    [
      ...handwritten.seriesSelectors,
      ...fc.sample(selectorArbitrary, { seed: SEED, numRuns: SELECTORS }),
    ],
    servers.seriesSelector,
  );
  const accepters = ACCEPTERS.map(({ features }, index) =>
    [`Prometheus ${servers.versions[index]}`, ...features].join(' with '),
  );
  const table = { accepters, queries, seriesSelectors };
  await writeFile(
    new URL('verdicts.json', import.meta.url),
    `${JSON.stringify(table, undefined, 2)}\n`,
  );
} finally {
  await servers.stop();
}

async function verdictsOn(
  texts: readonly string[],
  ask: (text: string) => Promise<string>,
): Promise<Record<string, string>> {
  const distinct = [...new Set(texts)];
  const verdicts: Record<string, string> = {};
  for (let from = 0; from < distinct.length; from += BATCH) {
    const batch = distinct.slice(from, from + BATCH);
    const found = await Promise.all(batch.map(ask));
    for (const [index, text] of batch.entries()) verdicts[text] = found[index] ?? '';
  }
  return verdicts;
}
