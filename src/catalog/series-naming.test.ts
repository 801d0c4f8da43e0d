import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { createTimeSlices } from '../async/time-slices.ts';
import { createSeriesNaming } from './series-naming.ts';

const slices = createTimeSlices();

/** A rule that counts how often it is asked about each name. */
function countingRule() {
  const rule = compiledRule({ matches: '^(a|c|e)', as: '$0_$1', seriesFilters: [{ isNot: 'cc' }] });
  const asked: string[] = [];
  const matches = (series: string): boolean => {
    asked.push(series);
    return rule.matches(series);
  };
  return { rule: { ...rule, matches }, asked };
}

const names = fc
  .uniqueArray(fc.stringMatching(/^[a-e]{1,3}$/), { maxLength: 20 })
  .map((all) => all.toSorted());

describe('createSeriesNaming', () => {
  it('asks the rule only about names that are new', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(names, { minLength: 2, maxLength: 4 }), async (rounds) => {
        const { rule, asked } = countingRule();
        const naming = createSeriesNaming();
        let known: readonly string[] = [];
        for (const round of rounds) {
          asked.length = 0;
          const namings = await naming.of(rule, round, slices);
          expect(namings).toEqual(
            round.map((name) =>
              rule.matches(name)
                ? (rule.metricName(name) ?? { excludedBy: 'name_matches' })
                : { excludedBy: 'series_filters' },
            ),
          );
          asked.splice(asked.length - round.length);
          expect(asked).toEqual(round.filter((name) => !known.includes(name)));
          known = round;
        }
      }),
    );
  });

  it('makes nothing at all of names that are the same', async () => {
    const { rule, asked } = countingRule();
    const naming = createSeriesNaming();
    const same = ['a', 'b'];
    const first = await naming.of(rule, same, slices);
    expect(await naming.of(rule, same, slices)).toBe(first);
    expect(asked).toEqual(['a', 'b']);
  });

  it('pauses after names when its slice is over, and only then', async () => {
    const name = () => createSeriesNaming().of(countingRule().rule, [...'abcdefghij'], slices);
    expect(await turnsDuring('still', name)).toBe(0);
    expect(await turnsDuring('fast', name)).toBe(9);
  });
});

describe('a series whose name needs quotes', () => {
  const quoted = 'http-requests';

  async function namingBy(metricsQuery: string, kind: 'custom' | 'external' = 'custom') {
    const [naming] = await createSeriesNaming().of(
      compiledRule({ metricsQuery }, kind),
      [quoted],
      slices,
    );
    return naming;
  }

  const leftOut = {
    series: quoted,
    name: quoted,
    why: expect.stringContaining('needs quotes in PromQL'),
  };

  it.each([
    ['custom', '<<slice .Series 0 4>>{<<.LabelMatchers>>}', leftOut],
    ['external', '<<slice .Series 0 4>>{<<.LabelMatchers>>}', leftOut],
    ['custom', '<<slice .Series 0 4>>{x="<<slice .GroupBy 0 3>>"}', leftOut],
    // These make no query for an external metric, which names no objects.
    ['external', '<<slice .Series 0 4>>{x="<<slice .GroupBy 0 3>>"}', quoted],
    ['custom', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 5>>"}', leftOut],
    ['external', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 5>>"}', quoted],
    // What makes no query for an object with a short name may make one for another.
    ['custom', '<<slice .Series 0 4>>{x="<<slice .LabelValuesByName.pod 0 50>>"}', quoted],
  ] as const)(
    'is left out where a %s rule writes it as it is: %s',
    async (kind, text, expected) => {
      expect(await namingBy(text, kind)).toEqual(expected);
    },
  );

  it('fails where the rule itself is at fault', async () => {
    const rule = compiledRule({});
    const fault = new Error('out of luck');
    const query = {
      ...rule.query,
      for: () => {
        throw fault;
      },
    };
    const naming = createSeriesNaming().of({ ...rule, query }, [quoted], slices);
    await expect(naming).rejects.toBe(fault);
    expect(await createSeriesNaming().of({ ...rule, query }, ['plain'], slices)).toEqual(['plain']);
  });
});
