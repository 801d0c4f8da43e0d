import { describe, expect, it } from 'vitest';
import { readSeriesQuery } from './series-query.ts';

describe('readSeriesQuery', () => {
  it.each([
    ['up', 'up'],
    ['up{job="a"}', 'up'],
    ['{"http.requests"}', 'http.requests'],
    ['{__name__="up",job="a"}', 'up'],
    ['{__name__=~"up"}', undefined],
    ['{__name__!="up",job="a"}', undefined],
    ['{__name__="",job="a"}', undefined],
    ['{job="a"}', undefined],
  ])('determines whether %s finds only one name', (text, name) => {
    expect(readSeriesQuery(text)?.onlyName).toBe(name);
  });

  it('determines the labels that all series have', () => {
    const text =
      'up{a!="",b=~".+",c="d",e!~"|f",g="",h=~"i*",j!="k",l!~"m",a="n",o=~"",p!~".*",q!=""}';
    expect(readSeriesQuery(text)?.certainLabels).toEqual(new Set(['a', 'b', 'c', 'e', 'p', 'q']));
  });

  it('does not determine it for a very large expression', () => {
    const large = 'a{1000}'.repeat(2_000);
    const text = `up{a=~"${large}",b!~"${large}|",c=~"x"}`;
    expect(readSeriesQuery(text)?.certainLabels).toEqual(new Set(['c']));
  });

  it('selects those with a label', () => {
    expect(readSeriesQuery('up')?.withLabel('pod')).toBe('up{pod!=""}');
    expect(readSeriesQuery('up{job="a"}')?.withLabel('k8s.pod')).toBe('up{"k8s.pod"!="",job="a"}');
  });

  it('rejects a text that is not a selector of PromQL', () => {
    for (const text of ['{a="b" or c="d"}', 'sum(up)', 'up[5m]', '']) {
      expect(readSeriesQuery(text), text).toBeUndefined();
    }
  });
});
