import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agree, ourSelectorVerdict, ourVerdict } from '../promql-verdicts/accepters.ts';
import { chainArbitrary, queryArbitrary, selectorArbitrary } from '../promql-verdicts/corpus.ts';
import { outline, parsedOutline } from '../promql-verdicts/outline.ts';
import {
  areAllReleases,
  startVerdictServers,
  type VerdictServers,
} from '../promql-verdicts/servers.ts';

// The table test/promql-verdicts/verdicts.json has verdicts on fixed queries; these are new ones.

/** The same queries each time: a run of the tests must not depend on chance. Other seeds find more. */
const SEED = Number(process.env.PROMQL_VERDICTS_SEED ?? 1);
const BOUNDS = { seed: SEED, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false };

let servers: VerdictServers;

beforeAll(async () => {
  servers = await startVerdictServers();
});

afterAll(async () => {
  await servers?.stop();
});

describe('verdicts on new queries', () => {
  test('are those of Prometheus 2.42, 2.53 and 3.5', async ({ skip }) => {
    skip(!areAllReleases(servers.versions), `releases found: ${servers.versions.join(', ')}`);
    await fc.assert(
      fc.asyncProperty(queryArbitrary, async (query) => {
        const theirs = await servers.query(query);
        const ours = ourVerdict(query);
        if (!agree(theirs, ours))
          expect({ query, verdict: ours }).toEqual({ query, verdict: theirs });
      }),
      { ...BOUNDS, numRuns: 1500 },
    );
  });

  test('have the structure that Prometheus 3.5 parses', async ({ skip }) => {
    skip(!areAllReleases(servers.versions), `releases found: ${servers.versions.join(', ')}`);
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(queryArbitrary, chainArbitrary), async (query) => {
        const parsed = await servers.parsed(query);
        const ours = parsed && outline(query);
        if (parsed === undefined || ours === undefined) return;
        expect({ query, outline: ours }).toEqual({ query, outline: parsedOutline(parsed) });
        compared += 1;
      }),
      { ...BOUNDS, numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  test('on selectors of series are, too', async ({ skip }) => {
    skip(!areAllReleases(servers.versions), `releases found: ${servers.versions.join(', ')}`);
    await fc.assert(
      fc.asyncProperty(selectorArbitrary, async (selector) => {
        const theirs = await servers.seriesSelector(selector);
        expect({ selector, verdict: ourSelectorVerdict(selector) }).toEqual({
          selector,
          verdict: theirs,
        });
      }),
      { ...BOUNDS, numRuns: 500 },
    );
  });
});
