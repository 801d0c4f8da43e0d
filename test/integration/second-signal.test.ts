import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'second-signal-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  'exits immediately on a second signal: %s',
  async (second) => {
    const config = path.join(scratch, 'config.yaml');
    await writeFile(config, 'rules: []');
    const child = spawn(process.execPath, [
      path.join(import.meta.dirname, '../../src/main.ts'),
      '--standalone',
      `--config=${config}`,
      '--prometheus-url=http://127.0.0.1:1',
      '--secure-port=0',
      '--shutdown-delay-duration=1h',
    ]);
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stderr)) {
      if (line.includes('INFO serving')) child.kill('SIGTERM');
      if (line.includes('INFO shutting down')) child.kill(second);
    }
    expect(await ended).toEqual([1, null]);
  },
  30_000,
);
