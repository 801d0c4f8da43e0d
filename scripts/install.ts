// Installs the npm packages of package-lock.json: scripts/with-node node scripts/install.ts
// Without this, npm keeps running after Ctrl-C until the network responds.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { endChildren, ending } from './parts/children.ts';
import { runCommand } from './parts/command.ts';
import { reasonsOf } from './parts/error-reasons.ts';
import { fromNpmRegistry } from './parts/mirror.ts';

const root = path.join(import.meta.dirname, '..');

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, endChildren);
try {
  await fromNpmRegistry('npm packages', () =>
    runCommand('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root }),
  );
} catch (error) {
  // npm ci starts by removing them: the remains are of no use.
  await rm(path.join(root, 'node_modules'), { recursive: true, force: true });
  if (!ending.aborted) console.error(reasonsOf(error));
  process.exitCode = ending.aborted ? 130 : 1;
}
