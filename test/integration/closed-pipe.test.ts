import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { manyRules } from '../fixtures/large-rules-file.ts';

it('check exits without a message if its output is closed', async () => {
  const program = join(import.meta.dirname, '../../src/main.ts');
  const running = spawn(process.execPath, [program, 'check', '-'], { stdio: 'pipe' });
  running.stdout.destroy();
  running.stdin.end(manyRules(100));
  const [stderr, [code]] = await Promise.all([text(running.stderr), once(running, 'exit')]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});
