import { describe, expect, it } from 'vitest';
import { findFirstDocument } from './document.ts';

/** The text of the first document, and the line that a second one begins with. */
function split(text: string): { first: string; next: string | undefined } {
  const { end, next } = findFirstDocument(text);
  return { first: text.slice(0, end), next: next === undefined ? undefined : text.slice(next) };
}

describe('findFirstDocument', () => {
  it.each([
    '',
    'rules: []\n',
    '---\nrules: []\n',
    '# comment\n\n---\nrules: []\n',
    '%YAML 1.1\n---\nrules: []\n',
    '--- {rules: []}\n',
    'rules: |\n  ---\n',
    'rules: "---x"\n',
  ])('takes all of %j', (text) => {
    expect(split(text)).toEqual({ first: text, next: undefined });
  });

  it.each([
    ['rules: []\n---\nother: 1\n', 'rules: []\n', 'other: 1\n'],
    ['---\n---\nrules: []\n', '---\n', 'rules: []\n'],
    ['rules: []\r\n...\r\nother\r\n', 'rules: []\r\n', 'other\r\n'],
    ['a: 1\n--- b\n', 'a: 1\n', '--- b\n'],
    ['...\nrules: []\n', '', 'rules: []\n'],
  ])('ends the first document of %j', (text, first, next) => {
    expect(split(text)).toEqual({ first, next });
  });

  it.each(['rules: []\n---\n', 'rules: []\n...\n', 'rules: []\n---\n# the end\n---\n'])(
    'sees no second document in %j',
    (text) => {
      expect(split(text)).toEqual({ first: 'rules: []\n', next: undefined });
    },
  );
});
