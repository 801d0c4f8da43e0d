import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const root = path.join(import.meta.dirname, '../..');

it('SIGUSR1 does not open the inspector', async () => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'inspector-signal-'));
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const config = path.join(scratch, 'config.yaml');
  await writeFile(config, 'rules: []');
  const prometheusUrl = 'http://127.0.0.1:1';
  const adapter = await startStandaloneAdapter({ config, prometheusUrl, until: 'live' });
  onTestFinished(() => adapter.stop());
  adapter.signal('SIGUSR1');
  // The inspector would be open after a few turns of the event loop.
  for (let i = 0; i < 20; i += 1) expect((await adapter.get('/livez')).status).toBe(200);
  expect(adapter.stdoutTail()).toContain('INFO serving');
  expect(adapter.stdoutTail()).not.toContain('Debugger listening');
});

it.each(['Dockerfile', 'bin/prom-metrics-adapter'])('%s turns the signal off', async (file) => {
  const text = await readFile(path.join(root, file), 'utf8');
  expect(text).toMatch(/node"?,? "?--disable-sigusr1/);
});
