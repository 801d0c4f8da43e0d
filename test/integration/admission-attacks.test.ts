// Clients that try to starve an autoscaler, with the limits of a container with the chart's memory limit.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, onSomePort } from '../../scripts/parts/free-port.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type AttackSettings, attack } from '../fixtures/attack.ts';
import { type MadeCertificate, makeAuthority, makeClient } from '../fixtures/certificate-maker.ts';
import { type LimitedAdapter, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { sendRequest } from '../golden/adapter.ts';
import { ACCESS_REVIEWS, parseReview, TOKEN_REVIEWS } from '../golden/kubernetes-reviews.ts';

const METRIC = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/up';
const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const TENANT = 'system:serviceaccount:tenant:web';
const RULES = `externalRules:
- seriesQuery: up
  resources: {namespaced: false}
  metricsQuery: <<.Series>>{<<.LabelMatchers>>}
`;
const REVIEW_MS = 100;
const ATTACK_MS = 8_000;
/** Concurrent requests of an attacker. */
const OUTSTANDING = 450;
/** The same with one connection per request. */
const HANDSHAKES = 40;

let prometheus: RunningPrometheus;

beforeAll(async () => {
  prometheus = await onSomePort(async () => {
    const port = await freePort();
    return startPrometheus({
      port,
      config: `scrape_configs: [{job_name: itself, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}]`,
    });
  });
});

afterAll(async () => {
  await prometheus?.stop();
});

/** The results of reviews; those of attackers may hang. */
function review(hangs: boolean) {
  return async (path: string, document: unknown): Promise<object | undefined> => {
    if (path === TOKEN_REVIEWS) {
      await (hangs ? new Promise(() => undefined) : sleep(REVIEW_MS));
      return { ...parseReview(document, 'TokenReview'), status: { authenticated: false } };
    }
    if (path !== ACCESS_REVIEWS) return undefined;
    const asked = parseReview(document, 'SubjectAccessReview');
    const allowed = asked.spec.user === AUTOSCALER;
    await (hangs && !allowed ? new Promise(() => undefined) : sleep(REVIEW_MS));
    return { ...asked, status: { allowed } };
  };
}

const junkTokens = { path: METRIC, headers: { authorization: 'Bearer junk-{n}' } };
const newPaths = { path: '/x{n}' };
const newNamespaces = {
  path: '/apis/external.metrics.k8s.io/v1beta1/namespaces/ns-{n}/up',
  headers: { 'x-remote-user': TENANT },
};

const attacks: readonly {
  readonly name: string;
  readonly requests: Pick<AttackSettings, 'path' | 'headers'>;
  /** Default: none. */
  readonly certificate?: (adapter: LimitedAdapter) => MadeCertificate | Promise<MadeCertificate>;
  /** Default: few. */
  readonly connections?: 'new';
  readonly hangs?: boolean;
  /** Status codes that the attacker must get at least once, so that it was an attack. */
  readonly answered: readonly string[];
}[] = [
  { name: 'junk tokens', requests: junkTokens, answered: ['401', '429'] },
  { name: 'anonymous requests for new paths', requests: newPaths, answered: ['403', '429'] },
  {
    name: 'junk tokens on new connections',
    requests: junkTokens,
    connections: 'new',
    answered: ['401'],
  },
  {
    name: 'certificates of an unknown authority on new connections',
    requests: newPaths,
    certificate: async () =>
      makeClient(await makeAuthority('front-proxy-ca'), 'CN=front-proxy-client'),
    connections: 'new',
    answered: ['401'],
  },
  {
    name: 'a tenant with new namespaces through the front proxy',
    requests: newNamespaces,
    certificate: ({ frontProxy }) => frontProxy,
    answered: ['403', '429'],
  },
  {
    name: 'junk tokens whose reviews are never answered',
    requests: junkTokens,
    hangs: true,
    answered: ['429'],
  },
  {
    name: 'a tenant through the front proxy whose reviews are never answered',
    requests: newNamespaces,
    certificate: ({ frontProxy }) => frontProxy,
    hangs: true,
    answered: ['429'],
  },
];

it.each(attacks)('an autoscaler gets every answer during $name', async (settings) => {
  const { requests: sent, certificate, connections = 'few', hangs = false, answered } = settings;
  const adapter = await startLimitedAdapter({
    prometheusUrl: prometheus.url,
    rules: RULES,
    review: review(hangs),
    // Shorter than the attack, so that the autoscaler's access is reviewed during it.
    flags: ['--authorization-webhook-cache-authorized-ttl=1s', '--metrics-relist-interval=1s'],
  });
  try {
    await metricIsServed(adapter);
    await adapter.eventLoop();
    const probe = adapter.probe(METRIC, AUTOSCALER);
    const made = await certificate?.(adapter);
    const codes = await attack({
      ...sent,
      ...(made !== undefined && { certificate: { cert: made.cert, key: made.key } }),
      port: adapter.port,
      connections,
      outstanding: connections === 'few' ? OUTSTANDING : HANDSHAKES,
      durationMs: ATTACK_MS,
    });
    const { requests, outcomes, p99Ms } = await probe.stop();
    const { maxMs, p999Ms, waitedForCpuMs } = await adapter.eventLoop();
    console.log({ codes, outcomes, p99Ms, maxMs, p999Ms, waitedForCpuMs });
    expect(Object.keys(codes)).toEqual(expect.arrayContaining([...answered]));
    expect(outcomes).toEqual({ 200: requests });
    expect(p99Ms).toBeLessThan(250);
    expect(maxMs).toBeLessThan(50);
    expect(p999Ms).toBeLessThan(20);
    expect(adapter.peakMemoryBytes()).toBeLessThanOrEqual(adapter.memory.limitBytes);
  } finally {
    await adapter.kill();
  }
});

/** The first answers of a process take longer, since code is compiled; this is not part of the attack. */
async function metricIsServed({ port, frontProxy }: LimitedAdapter): Promise<void> {
  const request = { method: 'GET', path: METRIC, headers: { 'x-remote-user': AUTOSCALER } };
  for (let answers = 0; answers < 20; ) {
    const { status } = await sendRequest(port, request, frontProxy);
    if (status === 200) answers += 1;
    else await sleep(100);
  }
}
