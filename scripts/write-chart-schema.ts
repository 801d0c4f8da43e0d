// Writes the rules of config/schema.json into the chart's values.schema.json, and the names of all
// values for the chart's check: scripts/with-node node scripts/write-chart-schema.ts
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { knownValues, valuesSchema } from './chart/values-schema.ts';
import { runCommand } from './parts/command.ts';

const chart = new URL('../charts/prom-metrics-adapter/', import.meta.url);
const files: readonly (readonly [string, object])[] = [
  [fileURLToPath(new URL('values.schema.json', chart)), valuesSchema()],
  [fileURLToPath(new URL('files/known-values.json', chart)), knownValues()],
];
for (const [file, content] of files) await writeFile(file, JSON.stringify(content, undefined, 2));
await runCommand('npx', ['biome', 'format', '--write', ...files.map(([file]) => file)]);
