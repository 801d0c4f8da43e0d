import { getEventListeners } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import {
  connectKubernetes,
  type KubernetesConnectionOptions,
} from '../../src/kubernetes/client/connection.ts';
import {
  type CertificateWithKey,
  type KubeconfigEntries,
  type KubernetesServer,
  kubeconfigText,
  makeCa,
  makeCertificate,
  type ServerSettings,
  sendJson,
  sendStatus,
  startKubernetesServer,
} from './kubernetes-server.ts';

let ca: CertificateWithKey;
let serverCertificate: CertificateWithKey;
let clientCertificate: CertificateWithKey;
let otherClientCertificate: CertificateWithKey;

let directory: string;
let kubeconfig: string;
let open: { close(): unknown }[] = [];

beforeAll(async () => {
  ca = await makeCa('test ca');
  serverCertificate = await makeCertificate(ca, 'kube', {
    names: ['kube.example'],
    addresses: ['127.0.0.1'],
  });
  clientCertificate = await makeCertificate(ca, 'first-client');
  otherClientCertificate = await makeCertificate(ca, 'second-client');
});
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'kubernetes-connection-'));
  kubeconfig = path.join(directory, 'config');
});
afterEach(async () => {
  for (const each of open.reverse()) await each.close();
  open = [];
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true });
});

async function start(settings: Partial<ServerSettings> = {}): Promise<KubernetesServer> {
  const server = await startKubernetesServer({
    handler: (_, response) => sendJson(response, 200, { fine: true }),
    ...settings,
  });
  open.push(server);
  return server;
}

const tls = (certificate = serverCertificate) => ({ tls: { certificate, clientCa: ca.cert } });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function connect(
  entries: KubeconfigEntries,
  options: Partial<KubernetesConnectionOptions> = {},
): Promise<KubernetesClient> {
  await writeFile(kubeconfig, kubeconfigText(entries));
  const client = await connectKubernetes({
    kubeconfigFile: kubeconfig,
    userAgent: 'prom-metrics-adapter/test',
    ...options,
  });
  open.push(client);
  return client;
}

/** A proxy that supports CONNECT only, and connects to one port for any target. */
async function startTunnel(port: number): Promise<{ url: string; targets: readonly string[] }> {
  const targets: string[] = [];
  const proxy = http.createServer().on('connect', (request, client) => {
    targets.push(request.url ?? '');
    const upstream = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  open.push(proxy);
  return { url: `http://127.0.0.1:${await listenOnLoopback(proxy)}`, targets };
}

/** Answers 401 to requests with another authorization. */
function demand(authorization: string): ServerSettings['handler'] {
  return ({ headers }, response) => {
    if (headers.authorization === authorization) sendJson(response, 200, { fine: true });
    else sendStatus(response, 401, 'Unauthorized');
  };
}

describe('a kubeconfig', () => {
  const trusted = () => ({ 'certificate-authority-data': base64(ca.cert) });

  it('with a token', async () => {
    const server = await start(tls());
    const client = await connect({
      cluster: { server: server.url, ...trusted() },
      user: { token: 'secret' },
    });
    const answer = await client.getJson('/api/v1/nodes', {
      accept: 'application/json;as=Table',
      query: new URLSearchParams({ labelSelector: 'a in (b,c)' }),
    });
    expect(answer).toEqual({ body: { fine: true }, contentType: 'application/json' });
    expect(server.requests[0]?.url.pathname).toBe('/api/v1/nodes');
    expect(server.requests[0]?.url.searchParams.get('labelSelector')).toBe('a in (b,c)');
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      accept: 'application/json;as=Table',
      'accept-encoding': 'gzip',
      'user-agent': 'prom-metrics-adapter/test',
    });
  });

  it('with a client certificate in files that are replaced', async () => {
    const server = await start(tls());
    const write = async ({ cert, key }: CertificateWithKey) => {
      await writeFile(path.join(directory, 'me.crt'), cert);
      await writeFile(path.join(directory, 'me.key'), key);
    };
    await write(clientCertificate);
    await writeFile(path.join(directory, 'ca.crt'), ca.cert);
    const client = await connect({
      cluster: { server: server.url, 'certificate-authority': 'ca.crt' },
      user: { 'client-certificate': 'me.crt', 'client-key': 'me.key' },
    });
    await client.getJson('/version');
    await write(otherClientCertificate);
    server.answerWith(({ clientName }, response) => {
      if (clientName === 'second-client') sendJson(response, 200, {});
      else sendStatus(response, 401, 'expired');
    });
    await client.getJson('/version');
    expect(server.requests.map(({ clientName }) => clientName)).toEqual([
      'first-client',
      'first-client',
      'second-client',
    ]);
  });

  it('with an embedded client certificate', async () => {
    const server = await start(tls());
    const client = await connect({
      cluster: { server: server.url, ...trusted() },
      user: {
        'client-certificate-data': base64(clientCertificate.cert),
        'client-key-data': base64(clientCertificate.key),
      },
    });
    await client.getJson('/version');
    expect(server.requests[0]?.clientName).toBe('first-client');
  });

  it('with tls-server-name', async () => {
    const named = await makeCertificate(ca, 'kube', { names: ['kube.example'] });
    const server = await start(tls(named));
    const entries = { cluster: { server: server.url, ...trusted() }, user: { token: 't' } };
    const wrong = await connect(entries);
    await expect(wrong.getJson('/version')).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining("does not match certificate's altnames"),
    });
    const right = await connect({
      ...entries,
      cluster: { ...entries.cluster, 'tls-server-name': 'kube.example' },
    });
    expect(await right.getJson('/version')).toMatchObject({ body: { fine: true } });
  });

  it('with insecure-skip-tls-verify, and without a CA', async () => {
    const server = await start(tls());
    const insecure = await connect({
      cluster: { server: server.url, 'insecure-skip-tls-verify': true },
      user: { token: 't' },
    });
    expect(await insecure.getJson('/version')).toMatchObject({ body: { fine: true } });

    const untrusting = await connect({ cluster: { server: server.url }, user: { token: 't' } });
    await expect(untrusting.getJson('/version')).rejects.toMatchObject({ kind: 'unreachable' });
    expect(server.requests).toHaveLength(1);
  });

  it('without a user still verifies the server', async () => {
    const server = await start(tls());
    const client = await connect({ cluster: { server: server.url, ...trusted() } });
    expect(await client.getJson('/version')).toMatchObject({ body: { fine: true } });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('with a user name, a password and impersonation, over HTTP below a path', async () => {
    const server = await start();
    const client = await connect({
      cluster: { server: `${server.url}/k8s/clusters/c-1` },
      user: { username: 'jane', password: 'pässword', as: 'system:serviceaccount:a:b' },
    });
    await client.getJson('/api');
    expect(server.requests[0]?.url.pathname).toBe('/k8s/clusters/c-1/api');
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: `Basic ${base64('jane:pässword')}`,
      'impersonate-user': 'system:serviceaccount:a:b',
    });
  });

  it('with a token file that is replaced', async () => {
    const server = await start({ handler: demand('Bearer old') });
    const tokenFile = path.join(directory, 'token');
    await writeFile(tokenFile, 'old\n');
    const client = await connect({
      cluster: { server: server.url },
      user: { tokenFile: 'token' },
    });
    await client.getJson('/api');
    await writeFile(tokenFile, 'new\n');
    server.answerWith(demand('Bearer new'));
    const both = await Promise.all([client.getJson('/api'), client.getJson('/apis')]);
    expect(both).toMatchObject([{ body: { fine: true } }, { body: { fine: true } }]);
  });

  it('with a changed server', async () => {
    const first = await start();
    const second = await start();
    const user = { token: 't' };
    const client = await connect({ cluster: { server: first.url }, user });
    await client.getJson('/api');
    await writeFile(kubeconfig, kubeconfigText({ cluster: { server: second.url }, user }));
    first.answerWith((_, response) => sendStatus(response, 401, 'moved'));
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
    expect(second.requests).toHaveLength(1);
  });

  it('with an exec plugin', async () => {
    const server = await start({ handler: demand('Bearer from-plugin') });
    const plugin = path.join(directory, 'login');
    await writeFile(
      plugin,
      `#!/bin/sh
case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 3 ;; esac
echo run >>"${directory}/runs"
echo '{"status":{"token":"from-plugin"}}'
`,
    );
    await chmod(plugin, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './login' };
    const client = await connect({ cluster: { server: server.url }, user: { exec } });
    await Promise.all([client.getJson('/api'), client.getJson('/apis')]);
    expect(server.requests).toHaveLength(2);
    expect(await readFile(path.join(directory, 'runs'), 'utf8')).toBe('run\n');
  });

  it('with an exec plugin that fails, or prints nothing', async () => {
    const server = await start();
    const failing = await connect({
      cluster: { server: server.url },
      user: { exec: { command: 'sh', args: ['-c', 'echo please log in >&2; exit 1'] } },
    });
    await expect(failing.getJson('/api')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.stringMatching(/no credentials from .*config: please log in/),
    });
    const silent = await connect({
      cluster: { server: server.url },
      user: { exec: { command: 'sh', args: ['-c', 'exec sleep 5'] } },
    });
    await expect(silent.getJson('/api', { timeoutMs: 50 })).rejects.toMatchObject({
      kind: 'timeout',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('through its own proxy', async () => {
    const server = await start(tls());
    const proxy = await startTunnel(server.port);
    const client = await connect({
      cluster: {
        server: server.url.replace('127.0.0.1', 'kube.example'),
        'proxy-url': proxy.url,
        ...trusted(),
      },
      user: { token: 't' },
    });
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
    expect(proxy.targets).toEqual([`kube.example:${server.port}`]);
  });

  it('through the proxy of the environment', async () => {
    const server = await start(tls());
    const proxy = await startTunnel(server.port);
    const client = await connect({
      cluster: { server: server.url.replace('127.0.0.1', 'kube.example'), ...trusted() },
      user: { token: 't' },
    });
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'other.example');
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
    expect(proxy.targets).toEqual([`kube.example:${server.port}`]);
  });

  it.each([
    [
      'a file that is missing',
      { 'certificate-authority': 'no.crt' },
      {},
      /certificate-authority: cannot read .*no\.crt/,
    ],
    [
      'a CA that is none',
      { 'certificate-authority-data': base64('-----BEGIN CERTIFICATE-----\nx') },
      {},
      /certificate-authority: not usable/,
    ],
    [
      'a certificate without a key',
      {},
      { 'client-certificate-data': 'CERT' },
      /expected both or neither/,
    ],
    [
      'a key of another certificate',
      {},
      { 'client-certificate-data': 'CERT', 'client-key-data': 'OTHER' },
      /client-key: not usable/,
    ],
  ])('with %s is rejected', async (_, cluster, user, message) => {
    const pem: Record<string, string> = {
      CERT: base64(clientCertificate.cert),
      OTHER: base64(otherClientCertificate.key),
    };
    const filled = Object.fromEntries(
      Object.entries(user).map(([field, value]) => [field, pem[value]]),
    );
    const connecting = connect({
      cluster: { server: 'https://127.0.0.1:1', ...cluster },
      user: filled,
    });
    await expect(connecting).rejects.toThrow(message);
    await expect(connecting).rejects.toThrow(kubeconfig);
  });

  it('with a token that is invalid in a header', async () => {
    const server = await start();
    const client = await connect({
      cluster: { server: server.url },
      user: { token: 'a\nX-Remote-User: admin' },
    });
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: expect.not.stringContaining('X-Remote-User'),
    });
  });
});

describe('a service account', () => {
  it('uses its replaced token', async () => {
    const server = await start({ ...tls(), handler: demand('Bearer one') });
    await writeFile(path.join(directory, 'ca.crt'), ca.cert);
    await writeFile(path.join(directory, 'token'), 'one');
    const client = await connectKubernetes({
      kubeconfigFile: undefined,
      userAgent: 'test',
      environment: {
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(server.port),
      },
      serviceAccountDirectory: directory,
    });
    open.push(client);
    await client.getJson('/api');
    await writeFile(path.join(directory, 'token'), 'two');
    server.answerWith(demand('Bearer two'));
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
  });

  it('is not used outside of a cluster', async () => {
    const connecting = connectKubernetes({
      kubeconfigFile: '',
      userAgent: 'test',
      environment: {},
    });
    await expect(connecting).rejects.toThrow('no --lister-kubeconfig and not in a cluster');
  });
});

describe('the API server', () => {
  const plain = async (
    server: KubernetesServer,
    options: Partial<KubernetesConnectionOptions> = {},
  ) => connect({ cluster: { server: server.url }, user: { token: 't' } }, options);

  it.each([
    [400, 'rejected'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [404, 'not_found'],
    [406, 'rejected'],
    [410, 'gone'],
    [429, 'server_error'],
    [500, 'server_error'],
    [503, 'server_error'],
  ])('answers %i: %s, with the message of the Status', async (status, kind) => {
    const server = await start({
      handler: (_, response) => sendStatus(response, status, 'for a reason'),
    });
    const client = await plain(server);
    await expect(client.getJson('/api/v1/pods')).rejects.toMatchObject({
      name: 'KubernetesError',
      kind,
      status,
      message: `GET /api/v1/pods: the API server returned ${status}: for a reason`,
    });
  });

  it('gets a limited number of requests if it rejects the credentials', async () => {
    const server = await start({ handler: demand('Bearer other') });
    const client = await plain(server);
    for (let request = 0; request < 3; request += 1) {
      await expect(client.getJson('/api')).rejects.toMatchObject({ kind: 'unauthorized' });
    }
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it('sends a body that is not JSON', async () => {
    const server = await start({
      handler: (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end(`<html>${'log in '.repeat(100)}</html>`);
      },
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: expect.stringMatching(
        /^GET \/api: expected JSON, got text\/html: <html>log in .{200,300}\.\.\.$/,
      ),
    });
  });

  const long = 'x'.repeat(300);
  it.each([
    ['', ''],
    [' a proxy is\n', ': a proxy is'],
    ['null', ': null'],
    ['"text"', ': "text"'],
    ['{"message":7}', ': {"message":7}'],
    ['{"reason":"Gone"}', ': {"reason":"Gone"}'],
    ['{"message":""}', ''],
    [long, `: ${long}`],
    [`${long}y`, `: ${long}...`],
  ])('explains a failure with %j', async (body, explanation) => {
    const server = await start({
      handler: (_, response) => response.writeHead(500).end(body),
    });
    const client = await plain(server);
    const message = `the API server returned 500${explanation}`;
    for (const failing of [client.getJson('/api'), client.watch('/api')]) {
      await expect(failing).rejects.toMatchObject({ message: `GET /api: ${message}` });
    }
  });

  it('sends JSON without its content type, or nothing', async () => {
    const server = await start({ handler: (_, response) => response.end('{"a":1}') });
    const client = await plain(server);
    expect(await client.getJson('/api')).toEqual({ body: { a: 1 }, contentType: '' });
    server.answerWith((_, response) => response.end());
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      status: 200,
      message: 'GET /api: expected JSON, got no Content-Type',
    });
  });

  it('does not use HTTP', async () => {
    const other = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
    open.push(other);
    const port = await listenOnLoopback(other);
    const client = await connect({ cluster: { server: `http://127.0.0.1:${port}` } });
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: expect.stringMatching(/^GET \/api: the response is not HTTP: /),
    });
  });

  it('rejects the credentials in a response that never ends: it is not read', async () => {
    const closed: string[] = [];
    const server = await start({
      handler: ({ headers }, response) => {
        if (headers.authorization === 'Bearer new') {
          sendJson(response, 200, { fine: true });
          return;
        }
        response.on('close', () => closed.push(String(headers.authorization)));
        response.writeHead(401).write('x');
      },
    });
    const cluster = { server: server.url };
    const client = await connect({ cluster, user: { token: 'old' } });
    await writeFile(kubeconfig, kubeconfigText({ cluster, user: { token: 'new' } }));
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
    await expect.poll(() => closed).toEqual(['Bearer old']);
  });

  it('sends more than the limit: the connection is closed', async () => {
    let isClosed = false;
    const server = await start({
      handler: (_, response) => {
        response.on('close', () => {
          isClosed = true;
        });
        response.write('x'.repeat(101));
      },
    });
    const client = await plain(server, { maxAnswerBytes: 100 });
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: 'GET /api: the response is larger than 100 bytes',
    });
    await expect.poll(() => isClosed).toBe(true);
  });

  it('may send as much as the limit, in pieces that split characters', async () => {
    const [first, second] = Buffer.from('é');
    const server = await start({
      handler: (_, response) => {
        response.write(Buffer.from(['"'.charCodeAt(0), first ?? 0]));
        setTimeout(() => response.end(Buffer.from([second ?? 0, '"'.charCodeAt(0)])), 20);
      },
    });
    const client = await plain(server, { maxAnswerBytes: 4 });
    expect(await client.getJson('/api')).toMatchObject({ body: 'é' });
  });

  it('gets the document and its type', async () => {
    const server = await start({ handler: (_, response) => sendJson(response, 200, {}) });
    const client = await plain(server);
    await client.postJson('/api', { a: ['é'] });
    await client.getJson('/api');
    expect(server.requests.map(({ headers }) => headers['content-type'])).toEqual([
      'application/json',
      undefined,
    ]);
    expect(server.requests.map(({ headers }) => headers['content-length'])).toEqual([
      String(Buffer.byteLength('{"a":["é"]}')),
      undefined,
    ]);
    expect(server.requests[1]?.headers.accept).toBe('application/json');
  });

  it('redirects without getting the token at the target', async () => {
    const elsewhere = await start();
    const server = await start({
      handler: (_, response) => response.writeHead(302, { location: elsewhere.url }).end(),
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      status: 302,
    });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('compresses its response; the limit applies to the decompressed size', async () => {
    const body = { text: 'a'.repeat(100_000) };
    const server = await start({
      handler: (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
        response.end(gzipSync(JSON.stringify(body)));
      },
    });
    const roomy = await plain(server);
    expect((await roomy.getJson('/api')).body).toEqual(body);
    const narrow = await plain(server, { maxAnswerBytes: 50_000 });
    await expect(narrow.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: 'GET /api: the response is larger than 50000 bytes',
    });
  });

  it('closes the connection in the middle of a response', async () => {
    const server = await start({
      handler: (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"half":', () => response.destroy());
      },
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it.each([
    ['not compressed at all', Buffer.from('this is not gzip')],
    ['cut off in the middle', gzipSync('{"a":"b"}').subarray(0, 20)],
    ['without its trailer', gzipSync('{"a":"b"}').subarray(0, -8)],
    ['with a wrong checksum', Buffer.concat([gzipSync('{}').subarray(0, -8), Buffer.alloc(8)])],
  ])('sends a gzip answer %s', async (_, body) => {
    const server = await start({
      handler: (__, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(body);
      },
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: expect.stringContaining('the response is incomplete, or not compressed as declared'),
    });
  });

  it('sends a response with an encoding that was not requested', async () => {
    const server = await start({
      handler: (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end('{}'),
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'bad_answer',
      message: 'GET /api: the response is compressed with "br"; expected gzip or none',
    });
  });

  it('leaves out the last chunk of a response', async () => {
    const server = await start({
      handler: (_, response) => {
        response.writeHead(200);
        response.write('{}', () => response.destroy());
      },
    });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('never ends its response', async () => {
    const server = await start({
      handler: (_, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      },
    });
    const client = await plain(server, { timeoutMs: 100 });
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'timeout',
      message: 'GET /api: no complete response within 100 ms',
    });
    const signal = AbortSignal.timeout(50);
    await expect(client.getJson('/api', { timeoutMs: 10_000, signal })).rejects.toMatchObject({
      kind: 'canceled',
    });
    await expect(client.getJson('/api', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'canceled',
    });
  });

  it('is down, and recovers', async () => {
    const server = await start();
    const client = await plain(server);
    await client.getJson('/api');
    await server.close();
    open = open.filter((each) => each !== server);
    await expect(client.getJson('/api')).rejects.toMatchObject({
      kind: 'unreachable',
      status: undefined,
      message: expect.stringMatching(/^GET \/api: cannot reach the API server: .*ECONNREFUSED/),
    });
    await start({ port: server.port });
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
  });

  it('has closed the idle connection', async () => {
    const server = await start();
    const client = await plain(server);
    await client.getJson('/api');
    // Takes the request off the open connection and hangs up, as a server does whose idle time ends
    // just then.
    let refused = 0;
    server.answerWith((_, response) => {
      refused += 1;
      if (refused === 1) response.socket?.destroy();
      else sendJson(response, 200, { fine: true });
    });
    expect(await client.getJson('/api')).toMatchObject({ body: { fine: true } });
    expect(server.connections()).toBe(2);
  });

  it('gets no retry if it closes a new connection', async () => {
    const server = await start({ handler: (_, response) => response.socket?.destroy() });
    const client = await plain(server);
    await expect(client.getJson('/api')).rejects.toMatchObject({ kind: 'unreachable' });
    expect(server.requests).toHaveLength(1);
  });

  it('answers 201 to creations only', async () => {
    const server = await start({ handler: (_, response) => sendJson(response, 201, {}) });
    const client = await plain(server);
    expect(await client.postJson('/api', {})).toMatchObject({ body: {} });
    await expect(client.getJson('/api')).rejects.toMatchObject({ kind: 'bad_answer' });
  });

  it('leaves no listener on the signal of a caller', async () => {
    const server = await start();
    const client = await plain(server);
    const { signal } = new AbortController();
    await client.getJson('/api', { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('gets requests over persistent connections', async () => {
    const server = await start();
    const client = await plain(server);
    for (let request = 0; request < 5; request += 1) await client.getJson('/api');
    expect(server.connections()).toBe(1);
  });

  it('gets no more requests than --client-qps allows', async () => {
    const server = await start();
    const client = await plain(server, { qps: 0.1, burst: 2 });
    const outcomes = await Promise.allSettled(
      [20_000, 20_000, 500].map((timeoutMs) => client.getJson('/api', { timeoutMs })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { kind: 'timeout' } });
    expect(server.requests).toHaveLength(2);
  });
});
