import { afterEach, beforeAll, describe, expect, vi } from 'vitest';
import type { Cluster } from '../../scripts/parts/cluster.ts';
import {
  createAuthority,
  issueClientCertificate,
} from '../../scripts/parts/control-plane-certificates.ts';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { answeredRequests } from '../fixtures/prometheus-requests.ts';
import { type RecordingProxy, startRecordingProxy } from '../golden/recording-proxy.ts';
import { askAdapter, type InstalledAdapter } from './adapter.ts';
import { test } from './cluster.ts';
import type { Kubectl, Manifest } from './kubectl.ts';
import type { Series } from './workload.ts';

const CUSTOM = '/apis/custom.metrics.k8s.io/v1beta2';
const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1';
const RESOURCE = '/apis/metrics.k8s.io/v1beta1';
const PATIENCE = { timeout: 60_000, interval: 300 };

/** Two namespaces with one pod each; the reader has permissions in the first. */
const OWN = 'own';
const OTHER = 'other';
const READER = 'metrics-reader';

const podMetric = (namespace: string, metric = 'open_connections', pod = '*') =>
  `${CUSTOM}/namespaces/${namespace}/pods/${pod}/${metric}`;
const externalMetric = (namespace: string) => `${EXTERNAL}/namespaces/${namespace}/orders_waiting`;

let cluster: Cluster;
let kubectl: Kubectl;
let prometheus: RunningPrometheus;
let proxy: RecordingProxy;
let adapter: InstalledAdapter;
/** The reader's. */
let token: string;
/** Queries that Prometheus received after the response. There should be none. */
const lateQueries: (string | null)[] = [];

test.beforeAll(async ({ environment }) => {
  ({ cluster, kubectl } = environment);
  const { createNamespace, fileResources, install, startScraping } = environment;
  prometheus = await startScraping(() => [OWN, OTHER].flatMap(seriesIn), 3);
  const recording = startRecordingProxy(prometheus.url);
  proxy = fileResources.adopt(await recording, (it) => it.close());
  await createNamespace(OWN);
  await createNamespace(OTHER);
  await kubectl.apply(podIn(OWN), podIn(OTHER), ...reader());
  token = await cluster.createToken(OWN, READER);
  adapter = await install({
    rules: RULES,
    prometheusUrl: proxy.url,
    flags: [
      // No cache, so that every query reaches Prometheus.
      '--query-max-age=0s',
      '--shutdown-delay-duration=0s',
      // The log has the queries of each request.
      '-v=6',
      '--logging-format=json',
    ],
  });
  await untilListed();
});

describe('the headers of the front proxy are ignored', () => {
  const forged = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };

  test('but not with its own certificate', async () => {
    const certificate = cluster.certificates.frontProxy;
    expect(await ask({ certificate, headers: forged })).toEqual(served);
  });

  test('without a certificate', async () => {
    expect(await ask({ headers: forged })).toEqual(refused(403, '"system:anonymous"'));
  });

  test('with a certificate of an authority that has the same name', async () => {
    const authority = await createAuthority('front-proxy-ca');
    const certificate = await issueClientCertificate(authority, { name: cluster.frontProxyName });
    expect(await ask({ certificate, headers: forged })).toEqual(refused(401));
  });

  test('with a certificate of the right authority and a name that is not allowed', async () => {
    const { frontProxyCa } = cluster.certificates;
    const certificate = await issueClientCertificate(frontProxyCa, { name: 'mallory' });
    expect(await ask({ certificate, headers: forged })).toEqual(refused(401));
  });

  test('with a certificate that has expired, or is not valid yet', async () => {
    const times = [
      { notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') },
      { notBefore: new Date('2098-01-01'), notAfter: new Date('2099-01-01') },
    ];
    for (const time of times) {
      const identity = { name: cluster.frontProxyName, ...time };
      const certificate = await issueClientCertificate(cluster.certificates.frontProxyCa, identity);
      expect(await ask({ certificate, headers: forged })).toEqual(refused(401));
    }
  });

  test("with a user's certificate and the front proxy's name", async () => {
    const name = cluster.frontProxyName;
    const certificate = await issueClientCertificate(cluster.certificates.ca, { name });
    expect(await ask({ certificate, headers: forged })).toEqual(refused(403, `"${name}"`));
  });

  test('when headers come with a token, or by way of the API server', async () => {
    const headers = { ...forged, ...bearer(token) };
    const path = podMetric(OTHER);
    expect(await ask({ headers, path })).toEqual(refused(403, READER));
    expect(await askApiServer({ headers, path })).toEqual(refused(403, READER));
  });
});

describe('without good credentials', () => {
  test.each([podMetric(OWN), externalMetric(OWN), CUSTOM, EXTERNAL, '/apis', '/metrics'])(
    '%s is rejected',
    async (path) => {
      expect(await ask({ path })).toEqual(refused(403, '"system:anonymous"'));
      expect(await askApiServer({ path })).toEqual(refused(403, '"system:anonymous"'));
    },
  );

  test.each([podMetric(OWN), externalMetric(OWN), '/healthz'])(
    '%s is rejected with an invalid token',
    async (path) => {
      const foreign = ['create', 'token', READER, `--namespace=${OWN}`, '--audience=elsewhere'];
      const bad = ['bad', withOtherSignature(token), await kubectl.run(...foreign)];
      for (const each of bad) {
        expect(await ask({ path, headers: bearer(each) })).toEqual(refused(401));
        expect(await askApiServer({ path, headers: bearer(each) })).toEqual(refused(401));
      }
    },
  );

  test('the log has the user, the request and its result, and no token', async () => {
    // Two requests that no other test sends.
    const mine = `${podMetric(OWN)}?timeout=11s`;
    const foreign = `${podMetric(OTHER)}?timeout=11s`;
    await ask({ path: mine, headers: bearer(token) });
    await ask({ path: foreign, headers: bearer(token) });
    const request = {
      ts: expect.any(String),
      level: 'info',
      v: 4,
      msg: 'request',
      method: 'GET',
      user: `system:serviceaccount:${OWN}:${READER}`,
      durationSeconds: expect.any(Number),
    };
    await vi.waitFor(async () => {
      const log = await logged();
      expect(log).toContainEqual({
        ...request,
        target: mine,
        code: 200,
        queryCount: 1,
        queries: [
          {
            promql: `sum(open_connections{namespace="${OWN}",pod="${OWN}-0"}) by (pod)`,
            scope: 'own',
            source: 'prometheus',
            durationSeconds: expect.any(Number),
            outcome: 'success',
          },
        ],
      });
      expect(log).toContainEqual({
        ...request,
        target: foreign,
        code: 403,
        queryCount: 0,
        queries: [],
        error: expect.stringContaining(READER),
      });
    }, PATIENCE);
    const text = await adapter.log();
    for (const part of [token, ...token.split('.').slice(1)]) expect(text).not.toContain(part);
  });
});

describe('kubectl --as', () => {
  const reader = `system:serviceaccount:${OWN}:${READER}`;
  const asReader = (path: string) => kubectl.run(`--as=${reader}`, 'get', '--raw', path);
  // kubectl waits for the response, so these queries are not late.
  afterEach(takeQueries);

  test('has the permissions of that user only', async () => {
    for (const path of [podMetric(OWN), externalMetric(OWN)]) {
      expect(asJson(await asReader(path))).toMatchObject({ items: [expect.anything()] });
    }
    for (const path of [podMetric(OTHER), externalMetric(OTHER)]) {
      await expect(asReader(path)).rejects.toThrow(
        new RegExp(`forbidden: User "${reader}" cannot (get|list) resource`),
      );
    }
  });

  test('reaches the adapter as a request of that user', async () => {
    const path = `${podMetric(OWN, 'open_connections', `${OWN}-0`)}?timeout=12s`;
    await asReader(path);
    await vi.waitFor(async () => {
      const line = { msg: 'request', target: path, user: reader, code: 200 };
      expect(await logged()).toContainEqual(expect.objectContaining(line));
    }, PATIENCE);
  });

  test('is rejected without the API server', async () => {
    const certificate = cluster.certificates.admin;
    const headers = { 'Impersonate-User': reader };
    expect(await ask({ certificate, headers })).toEqual(refused(400, 'impersonate-user'));
  });
});

describe.each([
  ['the adapter', (asked: Asked) => ask(asked)],
  ['the API server', (asked: Asked) => askApiServer(asked)],
])('a user with permissions in one namespace, by way of %s', (_, askWhom) => {
  const asReader = (path: string) => askWhom({ path, headers: bearer(token) });

  test('gets the metrics of its own namespace', async () => {
    for (const path of [podMetric(OWN), podMetric(OWN, 'open_connections', `${OWN}-0`)]) {
      const answer = await asReader(path);
      expect(answer).toEqual(served);
      expect(answer.body).toMatchObject({
        items: [{ describedObject: { namespace: OWN, name: `${OWN}-0` }, value: '7' }],
      });
    }
    expect(await asReader(externalMetric(OWN))).toEqual(served);
  });

  test('gets those of no other namespace', async () => {
    for (const path of [
      podMetric(OTHER),
      podMetric(OTHER, 'open_connections', `${OTHER}-0`),
      podMetric('*'),
      externalMetric(OTHER),
      externalMetric('*'),
    ]) {
      expect(await asReader(path)).toEqual(refused(403, READER));
    }
  });

  test('gets no other metric, and none of the namespace itself', async () => {
    expect(await asReader(podMetric(OWN, 'queue_depth'))).toEqual(refused(403, READER));
    const ofNamespace = `${CUSTOM}/namespaces/${OWN}/metrics/open_connections`;
    expect(await asReader(ofNamespace)).toEqual(refused(403, READER));
  });

  test('gets no other namespace by a path that leads out of its own', async () => {
    const out = '..%2F..%2F..%2F..';
    for (const path of [
      podMetric(OWN, `open_connections%2F${out}%2F${OTHER}%2Fpods%2F*%2Fopen_connections`),
      podMetric(OWN, `open_connections/${out}/${OTHER}/pods/*/open_connections`),
    ]) {
      expect(await asReader(path)).toEqual(refused(404));
    }
    for (const path of [
      podMetric(`${OWN}%2F..%2F${OTHER}`),
      podMetric(`${OWN}%2F%2E%2E%2F${OTHER}`),
      `${CUSTOM}/namespaces/${OWN}%2F..%2F${OTHER}/pods/${OTHER}-0/open_connections`,
      `${CUSTOM}/namespaces//pods/${OTHER}-0/open_connections`,
    ]) {
      expect(await asReader(path)).toEqual(refused(403, READER));
    }
  });
});

describe('names that try to escape from the query', () => {
  const names = [
    `${OWN}-0"}`,
    `${OWN}-0"} or open_connections{pod!="`,
    `${OWN}-0|${OTHER}-0`,
    '.*',
    '.+',
    `${OWN}-0\\`,
    `${OWN}-0\n`,
    `${OWN}-0#`,
    '<<.Series>>',
    '$1',
    `${OWN}-*`,
    `${OWN}-0 `,
    `${OWN}-0'`,
    'café',
    '%20',
    ' ',
  ];
  const asAdmin = (path: string) => ask({ path, certificate: cluster.certificates.admin });
  let answeredBefore: number;

  beforeAll(async () => {
    answeredBefore = await queriesAnswered();
  });

  test.each(names)('as a metric: %j', async (name) => {
    const encoded = encodeURIComponent(name);
    expect(await asAdmin(podMetric(OWN, encoded))).toEqual(refused(404));
    expect(await asAdmin(podMetric(OWN, `open_connections${encoded}`))).toEqual(refused(404));
    expect(await asAdmin(`${EXTERNAL}/namespaces/${OWN}/${encoded}`)).toEqual(refused(404));
  });

  test.each(names)('as an object, with names quoted by the rule or not: %j', async (name) => {
    for (const metric of ['open_connections', 'queue_depth']) {
      const path = podMetric(OWN, metric, encodeURIComponent(name));
      expect(await asAdmin(path)).toEqual(refused(404));
    }
  });

  test.each(names)('as a namespace: %j', async (name) => {
    const namespace = encodeURIComponent(name);
    for (const metric of ['open_connections', 'queue_depth']) {
      expect(await asAdmin(podMetric(namespace, metric))).toEqual(refused(404));
      expect(await asAdmin(podMetric(namespace, metric, `${OWN}-0`))).toEqual(refused(404));
      const itself = `${CUSTOM}/namespaces/${namespace}/metrics/${metric}`;
      expect(await asAdmin(itself)).toEqual(refused(404));
    }
    expect(await asAdmin(externalMetric(namespace))).toEqual(refused(404));
  });

  test.each(names)('as a pod or a node in a request for CPU and memory: %j', async (name) => {
    const encoded = encodeURIComponent(name);
    for (const path of [
      `${RESOURCE}/namespaces/${OWN}/pods/${encoded}`,
      `${RESOURCE}/namespaces/${encoded}/pods/${OWN}-0`,
      `${RESOURCE}/nodes/${encoded}`,
    ]) {
      expect(await asAdmin(path)).toEqual(refused(404));
    }
  });

  test.each(names)('as a resource: %j', async (name) => {
    const path = `${CUSTOM}/namespaces/${OWN}/${encodeURIComponent(name)}/*/open_connections`;
    expect(await asAdmin(path)).toEqual(refused(404));
  });

  test.each(['="}', 'a="b"', 'a in (b"})', 'a=b|c', '__name__=~.*', 'a=.*', '"}=a'])(
    'as a selector: %j',
    async (selector) => {
      const encoded = encodeURIComponent(selector);
      for (const path of [
        `${podMetric(OWN)}?metricLabelSelector=${encoded}`,
        `${podMetric(OWN)}?labelSelector=${encoded}`,
        `${externalMetric(OWN)}?labelSelector=${encoded}`,
      ]) {
        expect(await asAdmin(path)).toEqual(refused(400));
      }
    },
  );

  test.each([
    podMetric(OWN, 'open_connections', `a%2F${OWN}-0`),
    podMetric(OWN, `a%2Fopen_connections`),
    podMetric(OWN, 'open_connections', '..%2F..%2Fpods'),
    podMetric(OWN, `open_connections%2F..%2F..%2F*`),
  ])('an encoded slash is a slash: %s', async (path) => {
    expect(await asAdmin(path)).toEqual(refused(404));
  });

  test('a path that is not UTF-8 is invalid', async () => {
    expect(await asAdmin(podMetric(OWN, 'open_connections', '%FF'))).toEqual(refused(400));
    expect(await asAdmin(podMetric(OWN, '%zz'))).toEqual(refused(400));
  });

  test('no query of these requests reached Prometheus', async () => {
    expect(answeredBefore).toBeGreaterThan(0);
    expect(await queriesAnswered()).toBe(answeredBefore);
  });

  test('after all of them the adapter serves as before, and no query was late', async () => {
    expect(await asAdmin(podMetric(OWN))).toEqual(served);
    expect(adapter.isRunning()).toBe(true);
    expect([...lateQueries, ...takeQueries()]).toEqual([]);
  });
});

interface Asked {
  /** Default: a metric of the reader's namespace. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** Asks the adapter at its own port. */
const ask = (asked: Asked) => askPort(adapter.port, asked);

/** Sends a request to the API server, which forwards it if its own authorization allows it. */
const askApiServer = (asked: Asked) => askPort(Number(new URL(cluster.url).port), asked);

/** @returns the answer, and the queries that Prometheus got because of it */
async function askPort(port: number, { path = podMetric(OWN), ...credentials }: Asked) {
  lateQueries.push(...takeQueries());
  const { status, body } = await askAdapter(port, path, credentials);
  return { status, body: asJson(body), queries: takeQueries() };
}

/** The queries that Prometheus got since the last call. */
function takeQueries(): readonly (string | null)[] {
  return proxy
    .takeRequests()
    .filter(({ path }) => path.startsWith('/api/v1/query'))
    .map(({ parameters }) => parameters.get('query'));
}

/** How many instant queries Prometheus has answered. */
function queriesAnswered(): Promise<number> {
  return answeredRequests(prometheus.url, '/api/v1/query');
}

/** The log of the adapter so far. */
async function logged(): Promise<readonly unknown[]> {
  const lines = (await adapter.log()).split('\n');
  return lines.filter((line) => line.startsWith('{')).map(asJson);
}

function asJson(body: string): unknown {
  return JSON.parse(body);
}

const served = {
  status: 200,
  body: expect.objectContaining({ items: [expect.anything()] }),
  queries: [expect.any(String)],
};

const REASONS = { 400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound' };

/** An error without a query. @param about a text in the message */
function refused(code: keyof typeof REASONS, about = '') {
  return {
    status: code,
    body: expect.objectContaining({
      kind: 'Status',
      code,
      reason: REASONS[code],
      message: expect.stringContaining(about),
    }),
    queries: [],
  };
}

function bearer(value: string) {
  return { authorization: `Bearer ${value}` };
}

/** The same token with an invalid signature. */
function withOtherSignature(signed: string): string {
  const [header, payload, signature = ''] = signed.split('.');
  return [header, payload, [...signature].reverse().join('')].join('.');
}

/** The first rule has names quoted, the second writes them as they are. */
const RULES = JSON.stringify({
  rules: [
    {
      seriesQuery: 'open_connections{namespace!="",pod!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    },
    {
      seriesQuery: 'queue_depth{namespace!="",pod!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: `sum(<<.Series>>{${['namespace', 'pod']
        .map((label) => `${label}=~"<<index .LabelValuesByName "${label}">>"`)
        .join(',')}}) by (<<.GroupBy>>)`,
    },
  ],
  externalRules: [
    {
      seriesQuery: 'orders_waiting{namespace!=""}',
      resources: { template: '<<.Resource>>' },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (queue)',
    },
  ],
  resourceRules: { cpu: usageRule('cpu'), memory: usageRule('memory') },
});

function usageRule(series: string) {
  const query = `sum(${series}_usage{<<.LabelMatchers>>}) by (<<.GroupBy>>)`;
  return {
    containerQuery: query,
    nodeQuery: query,
    resources: { template: '<<.Resource>>' },
    containerLabel: 'container',
  };
}

function seriesIn(namespace: string): readonly Series[] {
  const pod = `${namespace}-0`;
  return [
    { metric: 'open_connections', labels: { namespace, pod }, value: 7 },
    { metric: 'queue_depth', labels: { namespace, pod }, value: 8 },
    { metric: 'orders_waiting', labels: { namespace, queue: 'orders' }, value: 9 },
  ];
}

function podIn(namespace: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: `${namespace}-0` },
    spec: {
      containers: [{ name: 'web', image: 'nginx' }],
      automountServiceAccountToken: false,
    },
  };
}

/** A service account that may read two metrics in one namespace. */
function reader(): readonly Manifest[] {
  const metadata = { namespace: OWN, name: READER };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion,
      kind: 'Role',
      metadata,
      rules: [
        {
          apiGroups: ['custom.metrics.k8s.io'],
          resources: ['pods/open_connections'],
          verbs: ['get'],
        },
        {
          apiGroups: ['external.metrics.k8s.io'],
          resources: ['orders_waiting'],
          verbs: ['get', 'list'],
        },
      ],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: READER },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
}

/** Waits until all three metrics are served in both namespaces. */
async function untilListed(): Promise<void> {
  for (const namespace of [OWN, OTHER]) {
    for (const path of [
      podMetric(namespace),
      podMetric(namespace, 'queue_depth'),
      externalMetric(namespace),
    ]) {
      const { certificates } = cluster;
      await vi.waitFor(async () => {
        expect(await ask({ path, certificate: certificates.admin })).toEqual(served);
      }, PATIENCE);
    }
  }
}
