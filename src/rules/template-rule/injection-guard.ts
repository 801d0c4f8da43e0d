import type { PromqlNode } from '../../promql/syntax/fold.ts';
import { isLegacyMetricName, isLegacyName, quoteLiteral } from '../../promql/syntax/matcher.ts';
import { parsePromql } from '../../promql/syntax/parse.ts';
import { tokenize } from '../../promql/syntax/tokens.ts';
import { goQuote } from '../../text/quote.ts';
import { REGEXP_SYNTAX } from '../request-matchers.ts';

// Names in a query are untrusted: clients choose the names of objects, and scrape targets the names of series.
// `.LabelMatchers` quotes them. This module ensures that names which a template writes elsewhere cannot change
// the query.

/** The query language. `other`: not PromQL, such as MetricsQL. */
export type QueryLanguage = 'promql' | 'other';

/** Values without effect on the query, with or without quotes or `=~` before them. */
const PLAIN_VALUE = /^[\w.:-]*$/;

/** Whether a value is safe in any place of a query. */
export function isPlainValue(value: string): boolean {
  return PLAIN_VALUE.test(value);
}

/** With dots: MetricsQL parses such a name as one word. */
const PLAIN_OTHER_SERIES = /^[a-zA-Z_:][a-zA-Z0-9_:.]*$/;

/** Whether the name of a series is valid in a query without quotes. */
export function isPlainSeries(series: string, language: QueryLanguage): boolean {
  if (series === '') return true;
  return language === 'promql' ? isLegacyMetricName(series) : PLAIN_OTHER_SERIES.test(series);
}

/** Whether the name of a label is valid in a list of labels without quotes. */
export function isPlainLabel(label: string, language: QueryLanguage): boolean {
  return language === 'other' || isLegacyName(label);
}

/** A placeholder for a name that is not plain, numbered. */
export function placeholder(index: number): string {
  return `prom_metrics_adapter_placeholder_${index}_`;
}

/** The query of a rule for placeholder names, and the names to insert. */
export interface WrittenNames {
  /** With the names as the template must have written them. */
  readonly asWritten: string;
  /** With names quoted if the template has no quotes around them. */
  readonly quoted: string;
}

/**
 * Writes names into a query that has {@link placeholder} 0, 1, ... in their places. Names between
 * double quotes are escaped. Elsewhere, the name of a metric or label gets quotes.
 *
 * @returns undefined if a name is in another place, or would be part of a regular expression
 */
export function writeNames(
  model: string,
  names: readonly string[],
  language: QueryLanguage,
): WrittenNames | undefined {
  const words = names.map((name, index) => ({ word: placeholder(index), name }));
  const inQuotes = quotedNames(model, words);
  if (inQuotes === undefined) return undefined;
  const edits = [...inQuotes, ...(language === 'promql' ? bareNames(model, words) : [])];
  const placed = edits.reduce((sum, { count }) => sum + count, 0);
  if (placed !== countOf(model, words)) return undefined;
  edits.sort((a, b) => a.from - b.from);
  return { asWritten: edited(model, edits, 'asWritten'), quoted: edited(model, edits, 'quoted') };
}

/** A replacement of a piece of the query. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly asWritten: string;
  readonly quoted: string;
  /** The number of placeholders that it replaces. */
  readonly count: number;
}

interface Placeholder {
  readonly word: string;
  readonly name: string;
}

/** The names between double quotes; undefined for other quotes and for regular expressions. */
function quotedNames(model: string, words: readonly Placeholder[]): readonly Edit[] | undefined {
  const { tokens } = tokenize(model);
  const edits: Edit[] = [];
  for (const [index, { kind, text, from }] of tokens.entries()) {
    const inside = words.filter(({ word }) => kind === 'string' && text.includes(word));
    if (inside.length === 0) continue;
    const operator = tokens[index - 1]?.text;
    const isPattern = operator === '=~' || operator === '!~';
    if (!text.startsWith('"')) return undefined;
    if (isPattern && inside.some(({ name }) => REGEXP_SYNTAX.test(name))) return undefined;
    for (const { word, name } of inside) {
      const asWritten = goQuote(name).slice(1, -1);
      const quoted = quoteLiteral(name).slice(1, -1);
      for (const at of occurrences(text, word)) {
        const place = { from: from + at, to: from + at + word.length };
        edits.push({ ...place, asWritten, quoted, count: 1 });
      }
    }
  }
  return edits;
}

/** The names without quotes: of a metric before its braces, or of a label. */
function bareNames(model: string, words: readonly Placeholder[]): readonly Edit[] {
  const { tree, faults } = parsePromql(model);
  if (faults.length > 0) return [];
  const edits: Edit[] = [];
  tree.iterate({
    enter: ({ name, node }) => {
      if (name !== 'LabelName' && name !== 'Identifier') return;
      const { from, to } = node;
      const bare = model.slice(from, to);
      const count = countOf(bare, words);
      if (count === 0) return;
      const asWritten = words.reduce(
        (text, { word, name }) => text.replaceAll(word, () => name),
        bare,
      );
      const edit = { from, to, asWritten, quoted: quoteLiteral(asWritten), count };
      edits.push(
        ...(name === 'LabelName'
          ? [edit]
          : metricEdits(edit, node.parent?.getChild('LabelMatchers'))),
      );
    },
  });
  return edits;
}

/** `x{a="b"}` becomes `{"x",a="b"}`. */
function metricEdits(edit: Edit, braces: PromqlNode | null | undefined): readonly Edit[] {
  const { quoted } = edit;
  if (!braces) return [{ ...edit, quoted: `{${quoted}}` }];
  const inside = braces.from + 1;
  const comma = braces.firstChild === null ? '' : ',';
  return [
    { ...edit, quoted: '' },
    { from: inside, to: inside, asWritten: '', quoted: `${quoted}${comma}`, count: 0 },
  ];
}

function edited(model: string, edits: readonly Edit[], form: 'asWritten' | 'quoted'): string {
  let end = 0;
  let text = '';
  for (const edit of edits) {
    text += model.slice(end, edit.from) + edit[form];
    end = edit.to;
  }
  return text + model.slice(end);
}

function countOf(text: string, words: readonly Placeholder[]): number {
  return words.reduce((count, { word }) => count + occurrences(text, word).length, 0);
}

function occurrences(text: string, word: string): readonly number[] {
  return [...text.matchAll(new RegExp(word, 'g'))].map(({ index }) => index);
}
