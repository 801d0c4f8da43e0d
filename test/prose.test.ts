// The wording of documents, charts, examples, flags and code: see "Plain technical English" in CONTRIBUTING.md.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { flagDocs } from '../src/cli/flag-docs.ts';
import { AVOIDED_HEADINGS, AVOIDED_TERMS } from './prose-terms.ts';

const root = path.join(import.meta.dirname, '..');

/** What users read. */
const documents = [
  '*.md',
  'docs/*.md',
  'charts/**/*.{md,yaml,json,tpl,txt}',
  'examples/**/*.{md,yaml}',
  'config/*.json',
  '.github/**/*.{md,yaml,yml}',
  'Makefile',
  'Dockerfile',
];

/** Comments, messages and names of tests. */
const code = ['src/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'];

/** Files that have to contain the avoided terms. */
const exempt = new Set(['test/prose-terms.ts', 'test/prose.test.ts']);

interface Text {
  readonly file: string;
  readonly text: string;
}

function textsOf(patterns: readonly string[]): readonly Text[] {
  return globSync([...patterns], { cwd: root })
    .filter((file) => !exempt.has(file))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
}

/** Between two words of a term: a space, or a line break and what begins a line of a comment. */
const GAP = String.raw`(?: |[^\S\n]*\n[^\S\n]*(?:\*|\/\/|#|>)?[^\S\n]*)`;

const terms = AVOIDED_TERMS.map(({ pattern, instead }) => ({
  name: pattern,
  instead,
  expression: new RegExp(String.raw`\b(?:${pattern.replaceAll(' ', GAP)})\b`, 'gi'),
}));

/** One line for each occurrence: `docs/rules.md:12: "is told": use ...`. */
function findings({ file, text }: Text): readonly string[] {
  return terms.flatMap(({ expression, instead }) =>
    [...text.matchAll(expression)].map((match) => {
      const line = text.slice(0, match.index).split('\n').length;
      return `${file}:${line}: ${JSON.stringify(match[0])}: use ${instead}`;
    }),
  );
}

describe('the terms to avoid', () => {
  it.each([
    ['so nobody is asked', 2],
    ['the client\n * is told of it', 2],
    ['# the file\n# is\n# told', 1],
    ['Prometheus is unreachable, and the request fails', 0],
  ])('are found in %j: %i', (text, count) => {
    expect(findings({ file: 'text', text })).toHaveLength(count);
  });
});

describe('documents, the chart and the examples', () => {
  const texts = textsOf(documents);

  it('are read', () => {
    const files = texts.map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining([
        'README.md',
        'charts/prom-metrics-adapter/templates/NOTES.txt',
        'config/schema.json',
        'docs/rules.md',
      ]),
    );
  });

  it('use standard terms', () => {
    expect(texts.filter(({ file }) => file !== 'docs/flags.md').flatMap(findings)).toEqual([]);
  });

  it('have headings that name their section', () => {
    const headings = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => ({ file, heading })),
    );
    expect(headings.filter(({ heading }) => AVOIDED_HEADINGS.includes(heading))).toEqual([]);
  });
});

it('the help of the flags uses standard terms', () => {
  expect(findings({ file: 'docs/flags.md', text: flagDocs() })).toEqual([]);
});

it('code uses standard terms', () => {
  expect(textsOf(code).flatMap(findings)).toEqual([]);
});
