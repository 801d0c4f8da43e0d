import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import type { Naming } from '../rules/rule.ts';
import { createNamingCache } from './naming-cache.ts';

const slices = createTimeSlices();

/** A rule that counts its calls for each name. */
function countingRule() {
  const rule = compiledRule({ matches: '^(a|c|e)', as: '$0_$1', seriesFilters: [{ isNot: 'cc' }] });
  const asked: string[] = [];
  const namingOf = (series: string): Naming => {
    asked.push(series);
    return rule.namingOf(series);
  };
  return { rule: { ...rule, namingOf }, asked };
}

const names = fc
  .uniqueArray(fc.stringMatching(/^[a-e]{1,3}$/), { maxLength: 20 })
  .map((all) => all.toSorted());

describe('createNamingCache', () => {
  it('calls the rule for new names only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(names, { minLength: 2, maxLength: 4 }), async (rounds) => {
        const { rule, asked } = countingRule();
        const naming = createNamingCache();
        let known: readonly string[] = [];
        for (const round of rounds) {
          asked.length = 0;
          const namings = await naming.of(rule, round, slices);
          expect(namings).toEqual(round.map((name) => rule.namingOf(name)));
          asked.splice(asked.length - round.length);
          expect(asked).toEqual(round.filter((name) => !known.includes(name)));
          known = round;
        }
      }),
    );
  });

  it('returns the cached names for the same series', async () => {
    const { rule, asked } = countingRule();
    const naming = createNamingCache();
    const same = ['a', 'b'];
    const first = await naming.of(rule, same, slices);
    expect(await naming.of(rule, same, slices)).toBe(first);
    expect(asked).toEqual(['a', 'b']);
  });

  it('pauses after names when its slice is over, and only then', async () => {
    const name = () => createNamingCache().of(countingRule().rule, [...'abcdefghij'], slices);
    expect(await turnsDuring('still', name)).toBe(0);
    expect(await turnsDuring('fast', name)).toBe(9);
  });
});
