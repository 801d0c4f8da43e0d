import { describe, expect, it } from 'vitest';
import { parseTemplate, TemplateError } from './template.ts';
import { goStrings, goStruct } from './value.ts';

const data = goStruct('args', { Series: 'load', GroupBySlice: goStrings(['pod']) });

/** The message of the error, and the template from the position of the error on. */
function errorOf(text: string): readonly [explanation: string, place: string] {
  try {
    parseTemplate('q', text).execute(data);
  } catch (error) {
    if (error instanceof TemplateError) return [error.explanation, text.slice(error.offset)];
    throw error;
  }
  throw new Error('no fault');
}

describe('advice for the author of a template', () => {
  it.each([
    [
      'sum(<<.Serie>>)',
      'there is no field `.Serie` (did you mean `.Series`?): expected one of .Series, .GroupBySlice',
      '.Serie>>)',
    ],
    [
      '<<.Metric>>',
      'there is no field `.Metric`: expected one of .Series, .GroupBySlice',
      '.Metric>>',
    ],
    ['<<$.series>>', /did you mean `\.Series`/, '.series>>'],
    ['<<.Series.pod>>', 'there is no field `.pod` here: a text has no fields', '.pod>>'],
    ['<<.GroupBySlice.x>>', 'there is no field `.x` here: a list has no fields', '.x>>'],
    ['<<Series>>', 'there is no function `Series`: a field is written with a dot, `.Series`', 'S'],
    [
      '<<prinf "%q" .Series>>',
      'there is no function `prinf` (did you mean `printf`?): expected one of and, call, eq, ge, gt, html, index, js, le, len, lt, ne, not, or, print, printf, println, slice, urlquery',
      'prinf',
    ],
    ['<<.Series', 'the template cannot be parsed: unclosed action', '<<'],
    [
      '<<index .GroupBySlice 3>>',
      /^the template fails at <index .GroupBySlice 3>: error /,
      'index',
    ],
  ])('of %s', (text, explanation, place) => {
    const [found, from] = errorOf(text);
    expect(found).toEqual(
      typeof explanation === 'string' ? explanation : expect.stringMatching(explanation),
    );
    expect(from.startsWith(place)).toBe(true);
  });
});
