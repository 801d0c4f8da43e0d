import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type KubernetesServer, startKubernetesServer } from './kubernetes-server.ts';

let scratch: string;
let silent: KubernetesServer;
let onRequest = (): void => undefined;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'start-without-api-server-'));
  silent = await startKubernetesServer({ handler: () => onRequest() });
  const kubeconfig = {
    'current-context': 'silent',
    contexts: [{ name: 'silent', context: { cluster: 'silent' } }],
    clusters: [{ name: 'silent', cluster: { server: silent.url } }],
  };
  await writeFile(path.join(scratch, 'kubeconfig'), JSON.stringify(kubeconfig));
  await writeFile(path.join(scratch, 'config.yaml'), 'rules: []');
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await silent.close();
  await rm(scratch, { recursive: true, force: true });
});

function startAdapter(): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [
    path.join(import.meta.dirname, '../../src/main.ts'),
    `--config=${path.join(scratch, 'config.yaml')}`,
    `--lister-kubeconfig=${path.join(scratch, 'kubeconfig')}`,
    '--prometheus-url=http://127.0.0.1:1',
    '--bind-address=127.0.0.1',
    '--secure-port=0',
    `--cert-dir=${scratch}`,
  ]);
  children.push(child);
  return child;
}

// The first process of a container gets only signals for which it has a handler.
it('handles SIGTERM while it waits for an API server that does not answer', async () => {
  const asked = Promise.withResolvers<void>();
  onRequest = asked.resolve;
  const child = startAdapter();
  const told = text(child.stderr);
  await asked.promise;
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await told).toContain('shutting down: not serving yet');
}, 30_000);

it('serves before the discovery of the resources of the cluster times out', async () => {
  const child = startAdapter();
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.includes('INFO serving')) break;
  }
  const log = lines.join('\n');
  expect(log).toContain('INFO serving');
  expect(log).toContain('cannot read extension-apiserver-authentication');
  expect(log).not.toContain('discovery of cluster resources failed');
}, 60_000);
