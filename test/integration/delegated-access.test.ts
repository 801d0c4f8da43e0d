import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import { askForClientCertificates } from '../../src/apiserver/authentication/peer-certificates.ts';
import { parseRequestUrl, requestInfo } from '../../src/apiserver/http/request-info.ts';
import { statusOf } from '../../src/apiserver/status.ts';
import { parseServeFlags } from '../../src/cli/serve/parse-serve-flags.ts';
import {
  AccessSetupError,
  type DelegatedAccess,
  delegateAccess,
} from '../../src/commands/serve/authentication.ts';
import { createMonitoring } from '../../src/commands/serve/monitoring.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
} from '../fixtures/certificate-maker.ts';
import { reviewCaller } from '../fixtures/review-caller.ts';
import { sendRequest } from '../golden/adapter.ts';
import {
  type KubernetesServer,
  kubeconfigText,
  sendJson,
  sendStatus,
  startKubernetesServer,
} from './kubernetes-server.ts';

let folder: string;
let kubernetes: KubernetesServer;
let access: DelegatedAccess | undefined;
let server: Server | undefined;
let ca: MadeCertificate;
let alice: MadeCertificate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-'));
  ca = await makeAuthority('client-ca');
  alice = await makeClient(ca, 'CN=alice');
  kubernetes = await startKubernetesServer({
    handler: (_, response) => sendJson(response, 200, { data: { 'client-ca-file': ca.cert } }),
  });
  await writeFile(file('kubeconfig'), kubeconfigText({ cluster: { server: kubernetes.url } }));
});

afterEach(async () => {
  access?.close();
  access = undefined;
  server?.close();
  server = undefined;
  await kubernetes.close();
  await rm(folder, { recursive: true, force: true });
});

function file(name: string): string {
  return join(folder, name);
}

/** Composes authentication as `serve` does with these flags. */
async function delegate(...flags: readonly string[]): Promise<DelegatedAccess> {
  const line = parseServeFlags([
    '--config=rules.yaml',
    `--lister-kubeconfig=${file('kubeconfig')}`,
    ...flags,
  ]);
  if (line.action !== 'serve') throw new Error(`wrong flags: ${JSON.stringify(line)}`);
  const log = createLogger({ ...line.options.logging });
  access = await delegateAccess(line.options, log, createMonitoring());
  return access;
}

/** The user of a certificate, or the status code of the rejection. */
async function whoIs(certificate: MadeCertificate, headers = {}): Promise<unknown> {
  const serving = await makeCertificate({ subject: 'CN=server' });
  const options = { ...askForClientCertificates, cert: serving.cert, key: serving.key };
  server = createServer(options, async (request, response) => {
    const found = await access?.authenticate(request, reviewCaller()).then(
      ({ user }) => user.name,
      (error: unknown) => statusOf(error).code,
    );
    sendJson(response, 200, found);
  });
  const port = await listenOnLoopback(server);
  const request = { method: 'GET', path: '/', headers: { ...headers, connection: 'close' } };
  const { body } = await sendRequest(port, request, certificate);
  server.close();
  return body;
}

const notReady = [expect.stringContaining('have not been read yet')];
const readiness = () => access?.readiness.map(({ check }) => check());

describe('the certificate authorities of the cluster', () => {
  it('are read at start', async () => {
    await delegate();
    expect(readiness()).toEqual([undefined]);
    expect(await whoIs(alice)).toBe('alice');
  });

  it('must be readable', async () => {
    kubernetes.answerWith((_, response) => sendStatus(response, 403, 'may not get configmaps'));
    await expect(delegate()).rejects.toThrow(AccessSetupError);
    await expect(delegate()).rejects.toThrow(/may not get configmaps.*authentication-reader/);
  });

  it('must be certificates', async () => {
    kubernetes.answerWith((_, response) =>
      sendJson(response, 200, { data: { 'client-ca-file': 'garbage' } }),
    );
    await expect(delegate()).rejects.toThrow(/client-ca-file: expected certificates in PEM/);
  });

  it('delay readiness while the API server is down; until then every client is rejected', async () => {
    kubernetes.answerWith((_, response) => response.destroy());
    await delegate();
    expect(readiness()).toEqual(notReady);
    expect(await whoIs(alice)).toBe(500);
  });

  it('may be missing if a flag tolerates it: certificates do not authenticate then', async () => {
    kubernetes.answerWith((_, response) => sendStatus(response, 403, 'may not get configmaps'));
    await delegate('--authentication-tolerate-lookup-failure');
    expect(readiness()).toEqual([undefined]);
    expect(await whoIs(alice)).toBe('system:anonymous');
  });

  it('are not requested with --authentication-skip-lookup', async () => {
    await delegate('--authentication-skip-lookup');
    expect(kubernetes.requests).toEqual([]);
    expect(await whoIs(alice)).toBe('system:anonymous');
  });
});

describe('the certificate authorities of the flags', () => {
  it('replace those of the cluster', async () => {
    const ownCa = await makeAuthority('own');
    const bob = await makeClient(ownCa, 'CN=bob');
    await writeFile(file('ca.crt'), ownCa.cert);
    await delegate(`--client-ca-file=${file('ca.crt')}`);
    expect(await whoIs(bob)).toBe('bob');
    expect(await whoIs(alice)).toBe(401);
  });

  it('are read again when they change', async () => {
    const ownCa = await makeAuthority('own');
    await writeFile(file('ca.crt'), ownCa.cert);
    await delegate(`--client-ca-file=${file('ca.crt')}`, '--authentication-skip-lookup');
    expect(await whoIs(alice)).toBe(401);
    await writeFile(file('ca.crt'), ca.cert);
    while ((await whoIs(alice)) !== 'alice') await new Promise((next) => setTimeout(next, 50));
  });

  it('configure a front proxy together with its headers', async () => {
    const proxyCa = await makeAuthority('front-proxy-ca');
    const proxy = await makeClient(proxyCa, 'CN=gateway');
    await writeFile(file('ca.crt'), proxyCa.cert);
    const headers = { 'X-User': 'carol', 'X-Remote-User': 'mallory' };
    const flags = [
      `--requestheader-client-ca-file=${file('ca.crt')}`,
      '--requestheader-username-headers=X-User',
    ];
    await delegate(...flags);
    expect(await whoIs(proxy, headers)).toBe('carol');
    access?.close();
    await delegate(...flags, '--requestheader-allowed-names=other');
    expect(await whoIs(proxy, headers)).toBe(401);
  });

  it.each([
    ['missing.crt', /^--client-ca-file: .*missing\.crt/],
    ['kubeconfig', /^--client-ca-file: .*kubeconfig: expected certificates in PEM, found none/],
  ])('must be in the file (%s)', async (name, message) => {
    await expect(delegate(`--client-ca-file=${file(name)}`)).rejects.toThrow(AccessSetupError);
    await expect(delegate(`--client-ca-file=${file(name)}`)).rejects.toThrow(message);
  });
});

/** The number of reviews of a kind that the API server received. */
const reviewsOf = (kind: 'token' | 'subjectaccess') =>
  kubernetes.requests.filter(({ url }) => url.pathname.endsWith(`/${kind}reviews`)).length;

/** Whether each of several requests for a path is authorized. */
async function mayGet(path: string, times: number): Promise<readonly boolean[]> {
  const info = requestInfo('GET', parseRequestUrl(path));
  const user = { name: 'bob', groups: [], extra: new Map() };
  const answers: boolean[] = [];
  for (let i = 0; i < times; i += 1) {
    const code = await access
      ?.authorize(user, info, reviewCaller())
      .catch((error) => statusOf(error).code);
    answers.push(code === undefined);
    expect([undefined, 403]).toContain(code);
  }
  return answers;
}

describe('cached reviews', () => {
  const ttl = '--authorization-webhook-cache';

  it.each([
    [[`${ttl}-authorized-ttl=1h`, `${ttl}-unauthorized-ttl=0s`], { allowed: 1, denied: 3 }],
    [[`${ttl}-authorized-ttl=0s`, `${ttl}-unauthorized-ttl=1h`], { allowed: 3, denied: 1 }],
  ])(
    'is cached with %j, allowed and denied decisions each for their TTL',
    async (flags, reviews) => {
      await delegate(...flags);
      for (const allowed of [true, false]) {
        const before = reviewsOf('subjectaccess');
        kubernetes.answerWith((_, response) => sendJson(response, 201, { status: { allowed } }));
        expect(await mayGet(`/may/${allowed}`, 3)).toEqual([allowed, allowed, allowed]);
        const asked = reviewsOf('subjectaccess') - before;
        expect(asked).toBe(allowed ? reviews.allowed : reviews.denied);
      }
    },
  );

  it.each([
    ['1h', 1],
    ['0s', 3],
  ])('of a token is cached for %s', async (time, reviews) => {
    await delegate(`--authentication-token-webhook-cache-ttl=${time}`);
    const status = { authenticated: true, user: { username: 'bob' } };
    kubernetes.answerWith((_, response) => sendJson(response, 201, { status }));
    const authorization = 'Bearer good';
    const request = {
      socket: new Socket(),
      headers: { authorization },
      headersDistinct: { authorization: [authorization] },
    };
    for (let i = 0; i < 3; i += 1) {
      const identity = await access?.authenticate(request, reviewCaller());
      expect(identity).toMatchObject({ method: 'token', user: { name: 'bob' } });
    }
    expect(reviewsOf('token')).toBe(reviews);
  });
});

describe('a review that the API server does not answer', () => {
  const bearer = {
    socket: new Socket(),
    headers: { authorization: 'Bearer good' },
    headersDistinct: { authorization: ['Bearer good'] },
  };
  const info = requestInfo('GET', parseRequestUrl('/metrics'));
  const bob = { name: 'bob', groups: [], extra: new Map() };

  it.each([
    ['because it is busy', 429, { code: 503, details: { retryAfterSeconds: 1 } }],
    ['because of a fault', 500, { code: 500 }],
    ['because it may not be made', 403, { code: 500 }],
  ])('%s fails the request', async (_, code, expected) => {
    await delegate();
    kubernetes.answerWith((_, response) => sendStatus(response, code, 'not now'));
    const failures = [
      access?.authenticate(bearer, reviewCaller()),
      access?.authorize(bob, info, reviewCaller()),
    ].map((asked) => asked?.catch(statusOf));
    for (const failure of failures) expect(await failure).toMatchObject(expected);
  });

  it('delays a limited number of others, and ends for a client that disconnects', async () => {
    await delegate('--max-reviews-inflight=2', '--max-reviews-queued=4');
    kubernetes.answerWith(() => undefined);
    const gone = new AbortController();
    const authorize = (namespace: string, flow: string, signal?: AbortSignal) => {
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/up`;
      const caller = reviewCaller({ pool: 'unproven', flow, ...(signal && { signal }) });
      const asked = access?.authorize(bob, requestInfo('GET', parseRequestUrl(path)), caller);
      return asked?.catch((error: unknown) => error);
    };
    const running = authorize('running', 'a', gone.signal);
    const waiting = authorize('waiting', 'a', gone.signal);
    await expect.poll(() => reviewsOf('subjectaccess')).toBe(1);
    expect(statusOf(await authorize('rejected', 'b'))).toMatchObject({
      code: 429,
      details: { retryAfterSeconds: 1 },
    });
    gone.abort(new Error('gone'));
    expect([await running, await waiting].map(String)).toEqual(['Error: gone', 'Error: gone']);
    expect(reviewsOf('subjectaccess')).toBe(1);
  });
});

describe('the paths that are always allowed', () => {
  it.each([
    [[], { '/healthz': true, '/readyz': true, '/livez': true, '/metrics': false }],
    [
      ['--authorization-always-allow-paths=/metrics,/open/*'],
      { '/metrics': true, '/open/a': true, '/healthz': false, '/metrics/a': false },
    ],
  ])('are those of %j, and no others', async (flags, expected) => {
    await delegate(...flags);
    kubernetes.answerWith((_, response) => sendJson(response, 201, { status: {} }));
    const found = new Map<string, boolean>();
    for (const path of Object.keys(expected)) {
      found.set(
        path,
        (await mayGet(path, 1)).every((isAllowed) => isAllowed),
      );
    }
    expect(Object.fromEntries(found)).toEqual(expected);
    const denied = Object.values(expected).filter((isAllowed) => !isAllowed);
    expect(reviewsOf('subjectaccess')).toBe(denied.length);
  });

  it('may have a star at the end only', async () => {
    await expect(delegate('--authorization-always-allow-paths=/a*b')).rejects.toThrow(
      '--authorization-always-allow-paths: "/a*b": expected * at the end only',
    );
  });
});
