import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../../src/kubernetes/client/client.ts';
import { connectKubernetes } from '../../src/kubernetes/client/connection.ts';
import {
  type ExtensionAuthentication,
  pollExtensionAuthentication,
  readExtensionAuthentication,
} from '../../src/kubernetes/extension-authentication.ts';
import {
  type AccessReviewTtl,
  createAccessReviewer,
  createTokenReviewer,
  type ReviewedRequest,
  type ReviewedUser,
} from '../../src/kubernetes/reviews/reviews.ts';
import { reviewCaller, unlimitedReviews } from '../fixtures/review-caller.ts';
import {
  type KubernetesServer,
  kubeconfigText,
  sendJson,
  sendStatus,
  startKubernetesServer,
} from './kubernetes-server.ts';

let folder: string;
let server: KubernetesServer;
let client: KubernetesClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reviews-'));
  server = await startKubernetesServer({ handler: (_, response) => sendJson(response, 200, {}) });
  const kubeconfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeconfigFile, kubeconfigText({ cluster: { server: server.url } }));
  client = await connectKubernetes({ kubeconfigFile, userAgent: 'test' });
});

afterEach(async () => {
  client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function answerWith(body: unknown, status = 201): void {
  server.answerWith((_, response) => sendJson(response, status, body));
}

/** Reviewers whose requests do not wait in the queue. */
function tokenReviewer(ttlMs: number) {
  const review = createTokenReviewer({ client, queue: unlimitedReviews }, ttlMs);
  return (token: string) => review(token, reviewCaller());
}

function accessReviewer(ttl: AccessReviewTtl) {
  const review = createAccessReviewer({ client, queue: unlimitedReviews }, ttl);
  return (user: ReviewedUser, request: ReviewedRequest) => review(user, request, reviewCaller());
}

const alice = { name: 'alice', groups: [], extra: new Map<string, string[]>() };
const metrics = { isResource: false, verb: 'get', path: '/metrics' } as const;

describe('createTokenReviewer', () => {
  it('reads the user', async () => {
    const user = { username: 'bob', uid: '7', groups: ['a', 'b'], extra: { k: ['v'] } };
    answerWith({ status: { authenticated: true, user } });
    expect(await tokenReviewer(0)('token')).toEqual({
      name: 'bob',
      uid: '7',
      groups: ['a', 'b'],
      extra: new Map([['k', ['v']]]),
    });
    expect(server.requests.at(-1)).toMatchObject({
      url: { pathname: '/apis/authentication.k8s.io/v1/tokenreviews' },
      headers: { 'content-type': 'application/json' },
    });
  });

  it('caches valid and invalid tokens separately', async () => {
    const reviewed = tokenReviewer(60_000);
    answerWith({ status: { error: 'invalid bearer token' } });
    for (let i = 0; i < 3; i += 1) expect(await reviewed('bad')).toBeUndefined();
    answerWith({ status: { authenticated: true, user: { username: 'bob' } } });
    for (let i = 0; i < 3; i += 1) expect(await reviewed('good')).toMatchObject({ name: 'bob' });
    expect(await reviewed('bad')).toBeUndefined();
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [{ status: { authenticated: true } }, 'status.user.username'],
    [{ status: { authenticated: 'yes', user: { username: 'bob' } } }, 'status.authenticated'],
    [{}, 'status.authenticated'],
    [null, 'status.authenticated'],
  ])('fails on %j', async (body, named) => {
    answerWith(body);
    const review = tokenReviewer(60_000)('token');
    await expect(review).rejects.toMatchObject({
      kind: 'bad_answer',
      message: expect.stringContaining(named),
    });
  });

  it('fails without a result of the review, which is not cached', async () => {
    const reviewed = tokenReviewer(60_000);
    server.answerWith((_, response) => sendStatus(response, 403, 'may not create tokenreviews'));
    await expect(reviewed('token')).rejects.toMatchObject({ kind: 'forbidden' });
    server.answerWith((_, response) => response.destroy());
    await expect(reviewed('token')).rejects.toMatchObject({ kind: 'unreachable' });
    answerWith({ status: { authenticated: true, user: { username: 'bob' } } });
    expect(await reviewed('token')).toMatchObject({ name: 'bob' });
  });
});

describe('createAccessReviewer', () => {
  const forever = { allowedMs: 60_000, deniedMs: 60_000 };

  it.each([
    [{ allowed: true }, { allowed: true, reason: '' }],
    [
      { allowed: false, reason: 'no budget' },
      { allowed: false, reason: 'no budget' },
    ],
    [
      { allowed: true, denied: true },
      { allowed: false, reason: '' },
    ],
    [{}, { allowed: false, reason: '' }],
  ])('reads %j', async (status, decision) => {
    answerWith({ status });
    expect(await accessReviewer(forever)(alice, metrics)).toEqual(decision);
  });

  it('caches allowed and denied for their TTLs', async () => {
    const reviewed = accessReviewer({ allowedMs: 60_000, deniedMs: 0 });
    answerWith({ status: { allowed: false } });
    for (let i = 0; i < 2; i += 1) await reviewed(alice, metrics);
    expect(server.requests).toHaveLength(2);
    answerWith({ status: { allowed: true } });
    for (let i = 0; i < 2; i += 1) await reviewed(alice, metrics);
    expect(server.requests).toHaveLength(3);
  });

  it('requests a new review for each difference', async () => {
    const reviewed = accessReviewer(forever);
    answerWith({ status: { allowed: true } });
    await reviewed(alice, metrics);
    await reviewed({ ...alice, name: 'bob' }, metrics);
    await reviewed({ ...alice, groups: ['shop'] }, metrics);
    await reviewed({ ...alice, uid: '7' }, metrics);
    await reviewed({ ...alice, extra: new Map([['scopes', ['read']]]) }, metrics);
    await reviewed(alice, { ...metrics, path: '/version' });
    await reviewed(alice, { ...metrics, verb: 'post' });
    expect(server.requests).toHaveLength(7);
  });

  it.each([{ status: { allowed: 'true' } }, { status: [true] }, 'yes', {}])(
    'denies access for %j',
    async (body) => {
      answerWith(body);
      const review = accessReviewer(forever)(alice, metrics);
      const outcome = await review.catch(() => ({ allowed: false }));
      expect(outcome.allowed).toBe(false);
    },
  );
});

describe('the ConfigMap extension-apiserver-authentication', () => {
  const data = {
    'client-ca-file': 'client CA',
    'requestheader-client-ca-file': 'front proxy CA',
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  };
  const content: ExtensionAuthentication = {
    clientCa: 'client CA',
    requestHeader: {
      ca: 'front proxy CA',
      allowedNames: ['front-proxy-client'],
      usernameHeaders: ['X-Remote-User'],
      uidHeaders: [],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    },
  };

  it('is read', async () => {
    answerWith({ data }, 200);
    expect(await readExtensionAuthentication(client)).toEqual(content);
    expect(server.requests.at(-1)?.url.pathname).toBe(
      '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
    );
  });

  it('may be empty', async () => {
    answerWith({}, 200);
    const { clientCa, requestHeader } = await readExtensionAuthentication(client);
    expect([clientCa, requestHeader.ca, requestHeader.allowedNames]).toEqual([
      undefined,
      undefined,
      [],
    ]);
  });

  it.each(['front-proxy-client', '{}', '[1]', '"name"'])(
    'is rejected with the names %s, which would otherwise allow any name',
    async (names) => {
      answerWith({ data: { ...data, 'requestheader-allowed-names': names } }, 200);
      await expect(readExtensionAuthentication(client)).rejects.toMatchObject({
        kind: 'bad_answer',
        message: expect.stringContaining('data[requestheader-allowed-names]: expected a list'),
      });
    },
  );

  it('is polled, and the last valid content is kept', async () => {
    const accepted: string[] = [];
    const logged: string[] = [];
    const polled = pollExtensionAuthentication({
      client,
      intervalMs: 20,
      onChange({ clientCa = '' }) {
        if (clientCa === 'garbage') throw new Error('no certificate');
        accepted.push(clientCa);
      },
      log: { info: (message) => logged.push(message), warn: (message) => logged.push(message) },
    });
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const secondResponse = () => {
      const { length } = server.requests;
      return until(() => server.requests.length > length + 1);
    };

    answerWith({ data: { 'client-ca-file': 'one' } }, 200);
    expect(await polled.refresh()).toBeUndefined();
    expect(accepted).toEqual(['one']);
    answerWith({ data: { 'client-ca-file': 'garbage' } }, 200);
    await secondResponse();
    server.answerWith((_, response) => sendStatus(response, 403, 'may not'));
    await secondResponse();
    expect(await polled.refresh()).toMatchObject({ kind: 'forbidden' });
    answerWith({ data: { 'client-ca-file': 'two' } }, 200);
    await until(() => accepted.length > 1);
    expect(accepted).toEqual(['one', 'two']);
    expect(
      logged.filter((message) => message.includes('keeping the last certificate authorities')),
    ).toHaveLength(2);
    polled.close();
  });
});
