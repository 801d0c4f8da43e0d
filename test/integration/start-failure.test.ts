import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';

let scratch: string;
const servers: Server[] = [];

function listen(server: Server): Promise<number> {
  servers.push(server);
  return listenOnLoopback(server);
}

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'start-failure-'));
});

afterAll(async () => {
  for (const server of servers) server.close();
  await rm(scratch, { recursive: true, force: true });
});

it('exits at once if it cannot listen, before the first answer of Prometheus', async () => {
  const silent = createHttpServer();
  const asked = once(silent, 'request');
  const prometheus = await listen(silent);
  const taken = await listen(createServer());
  const config = path.join(scratch, 'config.yaml');
  const rule = {
    seriesQuery: 'load',
    resources: { overrides: { pod: { resource: 'pod' }, namespace: { resource: 'namespace' } } },
    metricsQuery: '<<.Series>>{<<.LabelMatchers>>}',
  };
  await writeFile(config, JSON.stringify({ rules: [rule] }));
  const child = spawn(process.execPath, [
    path.join(import.meta.dirname, '../../src/main.ts'),
    '--standalone',
    `--config=${config}`,
    `--prometheus-url=http://127.0.0.1:${prometheus}`,
    `--secure-port=${taken}`,
    `--cert-dir=${scratch}`,
  ]);
  const [, errors, [code]] = await Promise.all([asked, text(child.stderr), once(child, 'exit')]);
  expect(errors).toContain('cannot start: listen EADDRINUSE');
  expect(errors).toContain('--secure-port');
  expect(code).toBe(1);
}, 30_000);
