import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { flagDocs } from './flag-docs.ts';
import { SERVE_FLAGS } from './serve/serve-flags.ts';

describe('flagDocs', () => {
  it('is equal to docs/flags.md; if not, run scripts/write-flag-docs.ts', async () => {
    const written = await readFile(new URL('../../docs/flags.md', import.meta.url), 'utf8');
    expect(written).toBe(flagDocs());
  });

  it('has one row or mention of every flag', () => {
    const docs = flagDocs();
    for (const { name } of SERVE_FLAGS) {
      const mentions = docs.match(new RegExp(`\`--${name}[ \`]`, 'g')) ?? [];
      expect({ name, isMentioned: mentions.length > 0 }).toEqual({ name, isMentioned: true });
    }
  });

  it('has as many cells in every row as its table has columns', () => {
    const rows = flagDocs()
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const cells = rows.map((row) => row.split(/(?<!\\)\|/).length - 2);
    expect([...new Set(cells)].toSorted()).toEqual([2, 3]);
  });
});
