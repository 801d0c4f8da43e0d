// Writes docs/flags.md from the tables of flags: scripts/with-node node scripts/write-flag-docs.ts
import { writeFile } from 'node:fs/promises';
import { flagDocs } from '../src/cli/flag-docs.ts';

await writeFile(new URL('../docs/flags.md', import.meta.url), flagDocs());
