import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { parseMetricListOptions } from './metric-list-options.ts';

describe('parseMetricListOptions', () => {
  const parse = (query: string, name?: string) =>
    parseMetricListOptions(new URLSearchParams(query), name);

  it('uses the first of several parameters', () => {
    expect(parse('labelSelector=a%3D1&labelSelector=b%3D2').labelSelector).toEqual([
      { key: 'a', operator: '=', values: ['1'] },
    ]);
  });

  it('accepts a field selector for the name in the path only', () => {
    expect(() => parse('fieldSelector=metadata.name%3Da', 'a')).not.toThrow();
    expect(() => parse('fieldSelector=metadata.name%3Da', 'b')).toThrow(/doesn't match/);
    expect(() => parse('fieldSelector=metadata.name!%3Da', 'a')).toThrow(/not supported/);
    expect(() => parse('fieldSelector=status.phase%3DRunning', 'a')).toThrow(/metadata.name/);
    expect(() => parse('fieldSelector=x', 'a')).toThrow(/expected metadata.name/);
  });

  it('rejects selectors that take long to parse or to match', () => {
    const selector = (parameter: string, text: string) =>
      parse(String(new URLSearchParams({ [parameter]: text })));
    const keys = (count: number) => Array.from({ length: count }, (_, i) => `!key-${i}`).join(',');
    for (const parameter of ['labelSelector', 'metricLabelSelector']) {
      expect(() => selector(parameter, keys(256))).not.toThrow();
      expect(() => selector(parameter, keys(257))).toThrow(
        `${parameter}: expected at most 256 requirements, got 257`,
      );
    }
    for (const [parameter, most, tooMany] of [
      ['labelSelector', 8_000, 20_000],
      ['metricLabelSelector', 4_000, 5_000],
    ] as const) {
      expect(() => selector(parameter, `a in (${'b,'.repeat(most)}c)`)).not.toThrow();
      expect(() => selector(parameter, `a in (${'b,'.repeat(tooMany)}c)`)).toThrow(
        `${parameter}: expected at most ${parameter === 'labelSelector' ? 32_768 : 8_192} characters, got ${2 * tooMany + 8}`,
      );
    }
  });

  it('rejects a limit that is not an integer', () => {
    expect(() => parse('limit=1')).not.toThrow();
    expect(() => parse('limit=x')).toThrow('strconv.ParseInt: parsing "x": invalid syntax');
  });

  it('reads the two selectors of a request separately', () => {
    const query = new URLSearchParams('labelSelector=a%3Db&metricLabelSelector=c');
    expect(parseMetricListOptions(query, '*')).toEqual({
      labelSelector: parseLabelSelector('a=b'),
      metricLabelSelector: parseLabelSelector('c'),
    });
  });
});
