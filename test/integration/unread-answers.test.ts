// Clients that do not read their responses, with the limits of a container with the chart's memory
// limit.
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { type LimitedAdapter, pod, startLimitedAdapter } from '../fixtures/limited-adapter.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { sendRequest } from '../golden/adapter.ts';
import { ACCESS_REVIEWS, parseReview } from '../golden/kubernetes-reviews.ts';

const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const TENANT = 'system:serviceaccount:many:web';
/** Pods of each namespace. */
const PODS = { few: 100, many: 2_000 };
const RULES = `rules:
- seriesQuery: load{namespace!="",pod!=""}
  resources: {template: <<.Resource>>}
  metricsQuery: sum(last_over_time(<<.Series>>{<<.LabelMatchers>>}[1h])) by (<<.GroupBy>>)
`;

const metricOf = (namespace: string, name: string) =>
  `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${namespace}/pods/${name}/load`;

/** As large as allowed, and repeated in every value of the answer. */
function selector(index: number): string {
  const value = 'v'.repeat(45);
  const terms = Array.from({ length: 126 }, (_, i) => `k${i}!=${value}${index % 7}`);
  return encodeURIComponent(terms.join());
}

const listOf = (namespace: string, index: number) =>
  `${metricOf(namespace, '*')}?metricLabelSelector=${selector(index)}`;

let prometheus: RunningPrometheus;

beforeAll(async () => {
  const now = Math.floor(Date.now() / 1000);
  const lines = Object.entries(PODS).flatMap(([namespace, count]) =>
    Array.from(
      { length: count },
      (_, i) => `load{namespace="${namespace}",pod="web-${i}"} ${i} ${now}`,
    ),
  );
  prometheus = await startPrometheusWith(`# TYPE load gauge\n${lines.join('\n')}\n# EOF\n`);
});

afterAll(async () => {
  await prometheus?.stop();
});

async function review(path: string, document: unknown): Promise<object | undefined> {
  if (path !== ACCESS_REVIEWS) return undefined;
  const asked = parseReview(document, 'SubjectAccessReview');
  return { ...asked, status: { allowed: [AUTOSCALER, TENANT].includes(String(asked.spec.user)) } };
}

type Attack = (adapter: LimitedAdapter) => Promise<() => void>;

/** Opens HTTP/2 connections that read nothing, with a number of requests each. */
function unreadHttp2(
  connections: number,
  streams: number,
  pauseMs: number,
  headersOf: (index: number) => OutgoingHttpHeaders,
  isProven: boolean,
): Attack {
  return async ({ port, frontProxy }) => {
    const sessions: ClientHttp2Session[] = [];
    for (let at = 0; at < connections; at += 1) {
      const session = connectHttp2(`https://127.0.0.1:${port}`, {
        rejectUnauthorized: false,
        settings: { initialWindowSize: 0 },
        ...(isProven && { cert: frontProxy.cert, key: frontProxy.key }),
      });
      session.on('error', () => undefined);
      sessions.push(session);
      for (let index = 0; index < streams && !session.destroyed; index += 1) {
        session.request(headersOf(index)).on('error', () => undefined);
        if (index % 10 === 9) await sleep(pauseMs);
      }
    }
    return () => {
      for (const session of sessions) session.destroy();
    };
  };
}

/** Opens HTTP/1.1 connections that read nothing. */
function unreadHttp1(connections: number, pathOf: (index: number) => string): Attack {
  return async ({ port, frontProxy: { cert, key } }) => {
    const sockets: TLSSocket[] = [];
    for (let index = 0; index < connections; index += 1) {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, cert, key });
      socket.on('error', () => undefined).pause();
      socket.write(`GET ${pathOf(index)} HTTP/1.1\r\nHost: a\r\nX-Remote-User: ${TENANT}\r\n\r\n`);
      sockets.push(socket);
      await sleep(50);
    }
    return () => {
      for (const socket of sockets) socket.destroy();
    };
  };
}

/** Long headers, once in the HPACK table, and as one byte in each of 240 requests. */
const amplified: Attack = async ({ port }) => {
  const path = Buffer.from(`/${'&'.repeat(3_900)}`);
  const fields = [0x82, 0x87, 1, 1, 0x61];
  const first = Buffer.concat([Buffer.from([...fields, 0x44, ...integer(path.length)]), path]);
  // The path is the newest entry of the dynamic table.
  const next = Buffer.from([0x80 | 62, ...fields]);
  const bytes = Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    // INITIAL_WINDOW_SIZE 0
    frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])),
    frame(1, 5, 1, first),
    ...Array.from({ length: 239 }, (_, i) => frame(1, 5, 2 * i + 3, next)),
  ]);
  const sockets: TLSSocket[] = [];
  for (let index = 0; index < 130; index += 1) {
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    socket.on('error', () => undefined).resume();
    socket.write(bytes);
    sockets.push(socket);
    await sleep(60);
  }
  return () => {
    for (const socket of sockets) socket.destroy();
  };
};

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** An integer of at least 127 with a prefix of 7 bits (RFC 7541, 5.1). */
function integer(value: number): readonly number[] {
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const anonymous = () => ({ ':path': `/${'&'.repeat(60_000)}` });
const tenant = (namespace: string) => (index: number) => ({
  ':path': listOf(namespace, index),
  'x-remote-user': TENANT,
});

const attacks: readonly (readonly [string, Attack])[] = [
  ['amplified headers', amplified],
  ['anonymous requests for long paths over HTTP/2', unreadHttp2(12, 240, 20, anonymous, false)],
  ['a tenant of the front proxy over HTTP/2', unreadHttp2(12, 90, 100, tenant('few'), true)],
  ['large answers over HTTP/2', unreadHttp2(1, 150, 500, tenant('many'), true)],
  ['large answers over HTTP/1.1', unreadHttp1(150, (index) => listOf('many', index))],
];

it.each(attacks)('an autoscaler gets every answer during %s', async (_, attack) => {
  const objects = Object.entries(PODS).flatMap(([namespace, count]) =>
    Array.from({ length: count }, (_each, i) => pod(namespace, `web-${i}`)),
  );
  const adapter = await startLimitedAdapter({
    prometheusUrl: prometheus.url,
    rules: RULES,
    review,
    objects,
    flags: ['--prometheus-verb=POST', '--authorization-always-allow-paths=/livez,/readyz,/metrics'],
  });
  try {
    await metricIsServed(adapter);
    await adapter.eventLoop();
    const probe = adapter.probe(metricOf('few', 'web-1'), AUTOSCALER);
    const end = await attack(adapter);
    // Longer than an unread response may last.
    await sleep(11_000);
    const { requests, outcomes, p99Ms } = await probe.stop();
    const { maxMs, p999Ms } = await adapter.eventLoop();
    const { body } = await sendRequest(adapter.port, { method: 'GET', path: '/metrics' });
    const closed = Number(/closed_total\{reason="unsent_limit"\} (\d+)/.exec(String(body))?.[1]);
    const peakMiB = Math.round(adapter.peakMemoryBytes() / 2 ** 20);
    console.log({ outcomes, p99Ms, maxMs, p999Ms, peakMiB, closed });
    end();
    expect(closed).toBeGreaterThan(0);
    expect(outcomes).toEqual({ 200: requests });
    expect(p99Ms).toBeLessThan(250);
    expect(maxMs).toBeLessThan(50);
    expect(p999Ms).toBeLessThan(20);
    expect(adapter.isRunning()).toBe(true);
  } finally {
    await adapter.kill();
  }
});

/** The first answers of a process take longer, since code is compiled; this is not part of the attack. */
async function metricIsServed({ port, frontProxy }: LimitedAdapter): Promise<void> {
  const headers = { 'x-remote-user': AUTOSCALER };
  for (const path of [metricOf('few', 'web-1'), listOf('many', 0)]) {
    for (let answers = 0; answers < 5; ) {
      const { status } = await sendRequest(port, { method: 'GET', path, headers }, frontProxy);
      if (status === 200) answers += 1;
      else await sleep(100);
    }
  }
}
