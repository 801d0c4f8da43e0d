import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { kubernetesConnections } from './kubernetes-connections.ts';
import { type Handler, type KubernetesServer, sendStatus } from './kubernetes-server.ts';

const connections = kubernetesConnections();

async function start(
  handler: Handler,
  timeoutMs?: number,
): Promise<{ server: KubernetesServer; client: KubernetesClient }> {
  const server = await connections.serve(handler);
  return { server, client: await connections.connect(server.url, timeoutMs) };
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  return text;
}

it('returns events when they arrive', async () => {
  const { promise: isOpen, resolve } = Promise.withResolvers<ServerResponse>();
  const { server, client } = await start((_, response) => {
    begin(response);
    resolve(response);
  });
  const chunks = await client.watch('/api/v1/pods', {
    accept: 'application/json;as=Table',
    query: new URLSearchParams({ watch: 'true' }),
  });
  const response = await isOpen;
  const heard: string[] = [];
  response.write('one\n');
  for await (const chunk of chunks) {
    heard.push(chunk.toString());
    if (heard.length === 1) response.write('two\n');
    else response.end();
  }
  expect(heard).toEqual(['one\n', 'two\n']);
  const [asked] = server.requests;
  expect(asked?.url.search).toBe('?watch=true');
  expect(asked?.headers.accept).toBe('application/json;as=Table');
  expect(asked?.headers['accept-encoding']).toBe('identity');
});

it('is not limited by the timeout of requests after its start', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { promise: isOpen, resolve } = Promise.withResolvers<ServerResponse>();
  const { client } = await start((_, response) => {
    begin(response);
    resolve(response);
  }, 60);
  const chunks = await client.watch('/api/v1/pods');
  vi.advanceTimersByTime(120);
  (await isOpen).end('late');
  expect(await textOf(chunks)).toBe('late');
});

it('fails if the response does not start in time', async () => {
  const { client } = await start(() => undefined, 30);
  await expect(client.watch('/api/v1/pods')).rejects.toMatchObject({ kind: 'timeout' });
});

it.each([
  [403, 'forbidden'],
  [410, 'gone'],
  [401, 'unauthorized'],
  [503, 'server_error'],
  [400, 'rejected'],
])('tells why there is none: %i', async (status, kind) => {
  const { client } = await start((_, response) => sendStatus(response, status, 'the reason'));
  await expect(client.watch('/api/v1/pods')).rejects.toMatchObject({
    kind,
    status,
    message: `GET /api/v1/pods: the API server returned ${status}: the reason`,
  });
});

it('does not read an endless error body', async () => {
  const { client } = await start((_, response) => {
    response.writeHead(500);
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    };
    response.on('drain', more);
    more();
  });
  await expect(client.watch('/api/v1/pods')).rejects.toMatchObject({ kind: 'server_error' });
});

it('reports a broken connection', async () => {
  const { client } = await start((_, response) => {
    begin(response);
    response.write('one\n', () => response.destroy());
  });
  const chunks = await client.watch('/api/v1/pods');
  await expect(textOf(chunks)).rejects.toMatchObject({
    kind: 'unreachable',
    message: expect.stringMatching(/^GET \/api\/v1\/pods: the connection broke: /),
  });
});

it('ends after a stall', async () => {
  const { server, client } = await start((_, response) => begin(response));
  const chunks = await client.watch('/api/v1/pods', { stallTimeoutMs: 30 });
  await expect(textOf(chunks)).rejects.toMatchObject({ kind: 'timeout' });
  expect(server.connections()).toBe(1);
});

it.each(['before', 'while'])('ends when it is canceled %s it is read', async (when) => {
  const { promise: isClosed, resolve } = Promise.withResolvers<void>();
  const { client } = await start((_, response) => {
    begin(response);
    response.on('close', resolve);
  });
  const controller = new AbortController();
  const chunks = await client.watch('/api/v1/pods', { signal: controller.signal });
  if (when === 'before') controller.abort();
  const read = textOf(chunks);
  controller.abort();
  await expect(read).rejects.toMatchObject({ kind: 'canceled' });
  await isClosed;
});

it('closes the connection when its reader stops', async () => {
  const { promise: isClosed, resolve } = Promise.withResolvers<void>();
  const { client } = await start((_, response) => {
    begin(response);
    response.write('one\n');
    response.on('close', resolve);
  });
  for await (const chunk of await client.watch('/api/v1/pods')) {
    expect(chunk.toString()).toBe('one\n');
    break;
  }
  await isClosed;
});
