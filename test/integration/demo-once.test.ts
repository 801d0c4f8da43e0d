import path from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../scripts/parts/command.ts';
import { ensureKubectl } from '../../scripts/parts/kubectl.ts';

const demo = path.join(import.meta.dirname, '../../scripts/demo.ts');

it('the demo with --once ends with exit code 0 after it has shown the value growing', async () => {
  await ensureKubectl();
  const output = await runCommand(process.execPath, [demo, '--once']);
  expect(output).toContain('The same with curl');
  expect(output).not.toContain('Ctrl-C stops it');
});
