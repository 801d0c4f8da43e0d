import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
  SERVER_AUTH,
} from '../fixtures/certificate-maker.ts';
import { prometheusServer, type RunningServer } from '../fixtures/real-servers.ts';
import { type RunningAdapter, sendRequest, startAdapter } from '../golden/adapter.ts';
import { type KubernetesApi, startKubernetesApi } from '../golden/kubernetes-api.ts';
import { parseGroups } from '../golden/kubernetes-discovery.ts';
import { type KubernetesObject, parseObjects } from '../golden/kubernetes-objects.ts';
import {
  ACCESS_REVIEWS,
  parseReview,
  type Review,
  TOKEN_REVIEWS,
} from '../golden/kubernetes-reviews.ts';
import { startGoldenServer } from '../golden/prometheus-data.ts';
import { dataPath, readData } from '../golden/recorded-cases.ts';
import { type RecordingProxy, startRecordingProxy } from '../golden/recording-proxy.ts';

const metric = (namespace: string, name = 'cart-0') =>
  `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/pods/${name}/nginx_http_requests_total`;
const remoteAlice = { 'X-Remote-User': 'alice' };
const remoteMaster = { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' };

let scratch: string;
let prometheus: RunningServer;
let proxy: RecordingProxy;
let kubernetes: KubernetesApi;
let adapter: RunningAdapter;
let clientCa: MadeCertificate;
let frontProxyCa: MadeCertificate;
let frontProxy: MadeCertificate;

/** The reviews that the adapter requested in a test. */
let reviews: Review[] = [];
let isReviewing = true;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'authentication-'));
  clientCa = await makeAuthority('client-ca');
  frontProxyCa = await makeAuthority('front-proxy-ca');
  frontProxy = await makeClient(frontProxyCa, 'CN=front-proxy-client');
  prometheus = await startGoldenServer(await prometheusServer('2.42'));
  proxy = await startRecordingProxy(prometheus.url);
  kubernetes = await startKubernetesApi({
    groups: parseGroups(readData('kube-discovery.json')),
    objects: [
      ...parseObjects(readData('objects.yaml')),
      configMap(clientCa.cert, frontProxyCa.cert),
    ],
    kubeconfig: join(scratch, 'kubeconfig'),
    review,
  });
  adapter = await startAdapter({
    config: dataPath('configs/16-http.yaml'),
    prometheusUrl: proxy.url,
    kubeconfig: join(scratch, 'kubeconfig'),
    certificates: join(scratch, 'certificates'),
  });
});

afterAll(async () => {
  await adapter?.stop();
  await kubernetes?.close();
  await proxy?.close();
  await prometheus?.stop();
  await rm(scratch, { recursive: true, force: true });
});

beforeEach(() => {
  reviews = [];
  isReviewing = true;
  proxy.takeRequests();
});

/** Accepts one token, that of bob; alice and bob may do anything in the namespace shop. */
function review(path: string, document: unknown): object | undefined {
  if (!isReviewing) throw new Error('reviews are out of order');
  if (path === TOKEN_REVIEWS) {
    const asked = parseReview(document, 'TokenReview');
    reviews.push(asked);
    const user = { username: 'bob', uid: '7', groups: ['developers'], extra: { from: ['token'] } };
    const authenticated = asked.spec.token?.startsWith('good') ?? false;
    return { ...asked, status: authenticated ? { authenticated, user } : { error: 'invalid' } };
  }
  if (path !== ACCESS_REVIEWS) return undefined;
  const asked = parseReview(document, 'SubjectAccessReview');
  reviews.push(asked);
  const { user = '', resourceAttributes } = asked.spec;
  const allowed = ['alice', 'bob'].includes(user) && resourceAttributes?.namespace === 'shop';
  return { ...asked, status: { allowed } };
}

function configMap(client: string, requestHeader: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': client,
      'requestheader-client-ca-file': requestHeader,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  };
}

interface Asked {
  readonly path?: string;
  readonly certificate?: MadeCertificate | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ path = metric('shop'), certificate, headers = {} }: Asked) {
  const answer = await sendRequest(adapter.port, { method: 'GET', path, headers }, certificate);
  const queries = proxy.takeRequests().filter(({ path: asked }) => asked === '/api/v1/query');
  return { ...answer, queries: queries.length };
}

const served = expect.objectContaining({ status: 200 });
const unauthorized = expect.objectContaining({
  status: 401,
  queries: 0,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Unauthorized',
    reason: 'Unauthorized',
    code: 401,
  },
});
const failed = expect.objectContaining({
  status: 500,
  queries: 0,
  body: expect.objectContaining({ reason: 'InternalError' }),
});
const forbiddenFor = (user: string) =>
  expect.objectContaining({
    status: 403,
    queries: 0,
    body: expect.objectContaining({
      reason: 'Forbidden',
      message: expect.stringContaining(`is forbidden: User "${user}" cannot get resource`),
    }),
  });

describe('the front proxy', () => {
  it('acts on behalf of other users', async () => {
    expect(await ask({ certificate: frontProxy, headers: remoteAlice })).toEqual(served);
    expect(await ask({ certificate: frontProxy, headers: remoteMaster })).toEqual(served);
    expect(
      await ask({ path: metric('quiet'), certificate: frontProxy, headers: remoteAlice }),
    ).toEqual(forbiddenFor('alice'));
  });

  it('passes on all their attributes', async () => {
    const session = connect(`https://127.0.0.1:${adapter.port}`, {
      rejectUnauthorized: false,
      cert: frontProxy.cert,
      key: frontProxy.key,
    });
    const stream = session.request({
      ':path': metric('shop'),
      'x-remote-user': Buffer.from('Zoë').toString('latin1'),
      'x-remote-uid': '42',
      'x-remote-group': ['one', 'two, three'],
      'x-remote-extra-example.com%2fteam': ['cart', 'till'],
    });
    const body: unknown = JSON.parse(await text(stream));
    session.close();
    expect(body).toMatchObject({ code: 403 });
    expect(reviews.map(({ spec }) => spec)).toEqual([
      {
        user: 'Zoë',
        uid: '42',
        groups: ['one', 'two, three', 'system:authenticated'],
        extra: { 'example.com/team': ['cart', 'till'] },
        resourceAttributes: {
          verb: 'get',
          group: 'custom.metrics.k8s.io',
          version: 'v1beta2',
          namespace: 'shop',
          resource: 'pods',
          name: 'cart-0',
          subresource: 'nginx_http_requests_total',
        },
      },
    ]);
  });

  it('is rejected without a certificate', async () => {
    expect(await ask({ headers: remoteMaster })).toEqual(forbiddenFor('system:anonymous'));
  });

  it('is rejected with a certificate of another CA', async () => {
    const otherCa = await makeAuthority('front-proxy-ca');
    const certificate = await makeClient(otherCa, 'CN=front-proxy-client');
    expect(await ask({ certificate, headers: remoteMaster })).toEqual(unauthorized);
    const withAuthority = { ...certificate, cert: certificate.cert + otherCa.cert };
    expect(await ask({ certificate: withAuthority, headers: remoteMaster })).toEqual(unauthorized);
  });

  it('is rejected with another common name', async () => {
    const certificate = await makeClient(frontProxyCa, 'CN=mallory');
    expect(await ask({ certificate, headers: remoteMaster })).toEqual(unauthorized);
  });

  it('is rejected with a certificate that has expired or has another use', async () => {
    const wrong = [
      { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') },
      { notBefore: new Date('2100-01-01'), notAfter: new Date('2101-01-01') },
      { extendedKeyUsage: [SERVER_AUTH] },
    ];
    for (const settings of wrong) {
      const certificate = await makeClient(frontProxyCa, 'CN=front-proxy-client', settings);
      expect(await ask({ certificate, headers: remoteMaster })).toEqual(unauthorized);
    }
  });

  it('is unauthenticated without a user name', async () => {
    expect(await ask({ certificate: frontProxy })).toEqual(unauthorized);
  });
});

describe('a client certificate', () => {
  it('authenticates the user', async () => {
    const certificate = await makeClient(clientCa, 'CN=alice,O=shop,O=till');
    expect(await ask({ certificate, path: metric('shop', '*') })).toEqual(served);
    expect(reviews).toMatchObject([
      { spec: { user: 'alice', groups: ['shop', 'till', 'system:authenticated'] } },
    ]);
    expect(await ask({ certificate, path: metric('quiet') })).toEqual(forbiddenFor('alice'));
  });

  it('cannot impersonate other users', async () => {
    const certificate = await makeClient(clientCa, 'CN=eve');
    expect(await ask({ certificate, headers: remoteMaster })).toEqual(forbiddenFor('eve'));
    const named = await makeClient(clientCa, 'CN=front-proxy-client');
    expect(await ask({ certificate: named, headers: remoteMaster })).toEqual(
      forbiddenFor('front-proxy-client'),
    );
  });

  it('may have an intermediate CA, on resumed connections too', async () => {
    const intermediate = await makeCertificate({
      subject: 'CN=intermediate',
      issuer: clientCa,
      authority: {},
    });
    const alice = await makeClient(intermediate, 'CN=alice');
    const certificate = { ...alice, cert: alice.cert + intermediate.cert };
    // Node.js resumes the session if the server allows it.
    for (let i = 0; i < 3; i += 1) expect(await ask({ certificate })).toEqual(served);
    expect(await ask({ certificate: alice })).toEqual(unauthorized);
  });

  it('that is invalid does not affect a valid token', async () => {
    const certificate = await makeCertificate({ subject: 'CN=stranger' });
    expect(await ask({ certificate })).toEqual(unauthorized);
    expect(await ask({ certificate, headers: { Authorization: 'Bearer good' } })).toEqual(served);
  });
});

describe('a bearer token', () => {
  it('is reviewed once per TTL', async () => {
    const headers = { Authorization: `Bearer good-${crypto.randomUUID()}` };
    for (let i = 0; i < 3; i += 1) {
      expect(await ask({ headers, path: metric('shop', '*') })).toEqual(served);
    }
    expect(reviews.filter(({ kind }) => kind === 'TokenReview')).toHaveLength(1);
    expect(reviews.filter(({ kind }) => kind === 'SubjectAccessReview')).toMatchObject([
      {
        spec: {
          user: 'bob',
          uid: '7',
          groups: ['developers', 'system:authenticated'],
          extra: { from: ['token'] },
        },
      },
    ]);
  });

  it('that is not valid is rejected, not anonymous', async () => {
    const headers = { Authorization: 'Bearer bad' };
    expect(await ask({ headers })).toEqual(unauthorized);
    expect(await ask({ headers, path: '/healthz' })).toEqual(unauthorized);
  });
});

describe('without reviews', () => {
  it('every request is rejected', async () => {
    isReviewing = false;
    const unknownToken = { Authorization: `Bearer ${crypto.randomUUID()}` };
    expect(await ask({ headers: unknownToken })).toEqual(failed);
    const certificate = await makeClient(clientCa, `CN=${crypto.randomUUID()}`);
    expect(await ask({ certificate })).toEqual(failed);
  });

  it('clients that need no review have access', async () => {
    isReviewing = false;
    const certificate = await makeClient(clientCa, 'CN=root,O=system:masters');
    expect(await ask({ certificate })).toEqual(served);
    for (const path of ['/healthz', '/livez', '/readyz']) {
      expect(await ask({ path })).toMatchObject({ status: 200 });
    }
  });
});

describe('a client without credentials', () => {
  it('is anonymous', async () => {
    expect(await ask({})).toEqual(forbiddenFor('system:anonymous'));
    expect(await ask({ path: '/metrics' })).toMatchObject({ status: 403 });
  });
});

describe('metrics', () => {
  it('count requests', async () => {
    const certificate = await makeClient(clientCa, 'CN=root,O=system:masters');
    await ask({ headers: { Authorization: 'Bearer bad' } });
    const { body } = await ask({ certificate, path: '/metrics' });
    expect(body).toMatch(/_authentications_total\{method="none",outcome="refused"\} [1-9]/);
    expect(body).toMatch(/_authentications_total\{method="client_certificate",.*\} [1-9]/);
    expect(body).toMatch(/_authorizations_total\{outcome="allowed"\} [1-9]/);
  });
});

// The last one: it changes the authorities of all the others.
describe('the CAs of the cluster', () => {
  it('are reloaded', async () => {
    const before = await makeClient(clientCa, 'CN=root,O=system:masters');
    const newCa = await makeAuthority('client-ca');
    const newProxyCa = await makeAuthority('front-proxy-ca');
    const after = await makeClient(newCa, 'CN=root,O=system:masters');
    const newProxy = await makeClient(newProxyCa, 'CN=front-proxy-client');
    expect(await ask({ certificate: after })).toEqual(unauthorized);

    const next = configMap(newCa.cert, newProxyCa.cert);
    kubernetes.objects.remove(next);
    kubernetes.objects.add(next);
    await until(async () => (await ask({ certificate: after })).status === 200);
    expect(await ask({ certificate: before })).toEqual(unauthorized);
    expect(await ask({ certificate: frontProxy, headers: remoteMaster })).toEqual(unauthorized);
    expect(await ask({ certificate: newProxy, headers: remoteMaster })).toEqual(served);
  }, 60_000);
});

/** Waits for an expected event; only the timeout of the test applies. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 200));
}
