import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueryRequest } from '../query.ts';
import { compileMetricsQuery, type TemplateQuery } from './metrics-query.ts';

const REQUEST: QueryRequest = {
  series: 'http_requests_total',
  selector: [],
  namespace: { label: 'namespace', value: 'default' },
  objects: { label: 'pod', names: ['web-0', 'web-1'] },
  groupBy: ['pod'],
};

function compiled(template: string): TemplateQuery {
  const query = compileMetricsQuery(template, ['metricsQuery'], 'promql', ({ message }) => {
    throw new Error(message);
  });
  if (query === undefined) throw new Error('does not compile');
  return query;
}

/** The text of the template at the place of a word of the query. */
function templateAt(template: string, word: string, request = REQUEST): string {
  const query = compiled(template);
  const offset = query.for(request).indexOf(word);
  return template.slice(query.placeOf(request, offset));
}

describe('the place in a template', () => {
  const sum = 'sum(rate(<<.Series>>{<<.LabelMatchers>>,}}[5m]) by (<<.GroupBy>>)';

  it('is exact for copied text, before and after actions', () => {
    expect(templateAt(sum, 'rate')).toMatch(/^rate/);
    expect(templateAt(sum, ',}}')).toMatch(/^,}}\[5m/);
    expect(templateAt(sum, ' by')).toMatch(/^ by/);
  });

  it('is the action for its output', () => {
    expect(templateAt(sum, 'requests')).toMatch(/^<<\.Series>>/);
    expect(templateAt(sum, 'web-1')).toMatch(/^<<\.LabelMatchers>>/);
  });

  it('is found after conditions, loops, variables and trimmed white space', () => {
    const template = `<<- $s := .Series ->>
      <<if eq (len .GroupBySlice) 1>>one(<<else>>many(<<end>>
      <<range $k, $v := .LabelValuesByName>> f("<<$k>>") + <<end ->>
      last(<<$s>>)`;
    expect(templateAt(template, 'one')).toMatch(/^one\(<<else/);
    expect(templateAt(template, 'f("pod")')).toMatch(/^f\("<<\$k>>/);
    expect(templateAt(template, 'pod")')).toMatch(/^<<\$k>>/);
    expect(templateAt(template, 'last')).toMatch(/^last\(/);
  });

  it('is found around quoted names', () => {
    const template = 'sum(<<.Series>>{a="b"}) by (x) + up';
    const request = { ...REQUEST, series: 'http.requests' };
    expect(compiled(template).for(request)).toBe('sum({"http.requests",a="b"}) by (x) + up');
    expect(templateAt(template, 'um(', request)).toMatch(/^um\(<</);
    for (const word of ['{"', 'http', 'requests']) {
      expect(templateAt(template, word, request)).toMatch(/^<<\.Series>>/);
    }
    expect(templateAt(template, 'a=', request)).toMatch(/^a="b"/);
    expect(templateAt(template, 'by', request)).toMatch(/^by \(x\)/);
    expect(templateAt(template, 'up', request)).toBe('up');
  });

  it('is the end of the template for the end of the query', () => {
    const query = compiled(sum);
    expect(query.placeOf(REQUEST, query.for(REQUEST).length)).toBe(sum.length);
  });

  it('is that of every character of the text, for any output of actions', () => {
    const action = fc.constantFrom('<<.Series>>', '<<.GroupBy>>', '<<- .LabelMatchers ->>');
    const word = fc.constantFrom('a1', ' b2 ', '\n  c3', '(d4)', ',e5');
    fc.assert(
      fc.property(fc.array(fc.oneof(action, word), { minLength: 1 }), (parts) => {
        const template = parts.join('');
        const query = compiled(template);
        const text = query.for(REQUEST);
        const places = [...text].map((_, offset) => query.placeOf(REQUEST, offset));
        for (const [offset, character] of [...text].entries()) {
          const at = places[offset] ?? -1;
          const isAction = template.startsWith('<<', at);
          if (!isAction) expect(template[at]).toBe(character);
          expect(at).toBeGreaterThanOrEqual(places[offset - 1] ?? 0);
        }
      }),
    );
  });
});
