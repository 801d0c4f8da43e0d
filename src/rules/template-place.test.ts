import { describe, expect, it } from 'vitest';
import { placeInTemplate } from './template-place.ts';

const TEMPLATE = 'sum(rate(<<.Series>>{<<.LabelMatchers>>}[5m]) by (<<.GroupBy>>)';
const OUTPUT = 'sum(rate(http_requests_total{pod="web-0"}[5m]) by (pod)';

/** What the template has where the output has a word. */
function found(word: string, template = TEMPLATE, output = OUTPUT): string | undefined {
  const from = output.indexOf(word);
  const at = placeInTemplate(template, output, { from, to: from + word.length });
  return at === undefined ? undefined : template.slice(at, at + word.length);
}

describe('placeInTemplate', () => {
  it('finds what stands before, between and behind what is filled in', () => {
    expect(found('sum')).toBe('sum');
    expect(found('[5m]')).toBe('[5m]');
    expect(found('by')).toBe('by');
    expect(found(')', 'f(<<.A>>)', 'f(x)')).toBe(')');
  });

  it('finds the beginning of what goes on in what is filled in', () => {
    expect(found('rate(http')).toBe('rate(<<.S');
  });

  it('knows nothing of what is filled in', () => {
    expect(found('requests')).toBeUndefined();
    expect(found('web')).toBeUndefined();
  });

  it('knows the beginning and the end only where the template chooses or repeats', () => {
    const template = 'sum(<<if .A>>rate(<<.A>>[5m])<<end>> + b) by (c)';
    const output = 'sum(rate(x[5m]) + b) by (c)';
    expect(found('sum', template, output)).toBe('sum');
    expect(found('by', template, output)).toBe('by');
    expect(found('x[5m]', template, output)).toBeUndefined();
  });

  it('finds the end, where something is missing', () => {
    const at = { from: OUTPUT.length, to: OUTPUT.length };
    expect(placeInTemplate(TEMPLATE, OUTPUT, at)).toBe(TEMPLATE.length);
  });

  it('finds everything where nothing is filled in', () => {
    expect(placeInTemplate('up', 'up', { from: 0, to: 2 })).toBe(0);
  });
});
