import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as connectTcp, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, onSomePort } from '../../scripts/parts/free-port.ts';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';
import { getHttp2 } from './apiserver-host.ts';

const PATH = '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/up';
const RULES = `externalRules:
- seriesQuery: up
  resources: {namespaced: false}
  metricsQuery: <<.Series>>{<<.LabelMatchers>>}
`;

let scratch: string;
let prometheus: RunningPrometheus;
const replicas: StandaloneAdapter[] = [];
const ready = new Set<StandaloneAdapter>();
let service: Server;
let servicePort: number;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'rolling-'));
  await writeFile(join(scratch, 'rules.yaml'), RULES);
  prometheus = await onSomePort(async () => {
    const port = await freePort();
    return startPrometheus({
      port,
      config: `scrape_configs: [{job_name: itself, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}]`,
    });
  });
  service = createServer((client) => {
    const [replica] = [...ready].sort(() => Math.random() - 0.5);
    if (replica === undefined) return client.destroy();
    const server = connectTcp(replica.port, '127.0.0.1');
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    return server.on('error', () => client.destroy());
  });
  servicePort = await listenOnLoopback(service);
});

afterAll(async () => {
  service?.close();
  await Promise.all(replicas.map((replica) => replica.stop()));
  await prometheus?.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** Starts a replica, which belongs to the service from the moment that it serves the metric. */
async function startReplica(): Promise<StandaloneAdapter> {
  const replica = await startStandaloneAdapter({
    config: join(scratch, 'rules.yaml'),
    prometheusUrl: prometheus.url,
    certificates: join(scratch, 'certificates'),
    flags: [
      '--metrics-relist-interval=1s',
      '--metrics-max-age=1h',
      // A Prometheus that has to wait for a processor is no matter of this test.
      '--prometheus-stall-timeout=0s',
      // Long enough that a machine that stands still does not hide from us that it is not ready.
      '--shutdown-delay-duration=5s',
    ],
    limits: { stopTimeoutMs: 40_000 },
  });
  replicas.push(replica);
  while ((await replica.get(PATH)).status !== 200) await sleep(50);
  ready.add(replica);
  return replica;
}

/** Ends a replica; it is removed from the service as soon as it reports that it is not ready. */
async function endReplica(replica: StandaloneAdapter): Promise<void> {
  const stopped = replica.stop();
  while ((await replica.get('/readyz')).status === 200) await sleep(20);
  ready.delete(replica);
  await stopped;
}

/** A client that keeps its connections. */
function http1Client(): { get(): Promise<number>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const options = { host: '127.0.0.1', path: PATH, agent, rejectUnauthorized: false };
  return {
    get: () =>
      new Promise((resolve, reject) => {
        httpsRequest({ ...options, port: servicePort }, (response) => {
          text(response).then(() => resolve(response.statusCode ?? 0), reject);
        })
          .on('error', reject)
          .end();
      }),
    close: () => agent.destroy(),
  };
}

/** A client with one connection that, as HTTP/2 has it, repeats what a server did not begin with. */
function http2Client(): { get(): Promise<number>; close(): void } {
  let session: ClientHttp2Session | undefined;
  const current = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`https://127.0.0.1:${servicePort}`, { rejectUnauthorized: false });
      session.on('error', () => undefined);
    }
    return session;
  };
  const get = async (): Promise<number> => {
    try {
      return (await getHttp2(current(), PATH)).status;
    } catch (error) {
      if (/REFUSED_STREAM|GOAWAY/.test(String(error))) return get();
      throw error;
    }
  };
  return { get, close: () => session?.close() };
}

it('two replicas are replaced under load without a failed request', async () => {
  const first = await startReplica();
  const second = await startReplica();
  const clients = [http1Client(), http1Client(), http2Client(), http2Client()];
  const outcomes = new Map<string, number>();
  let loading = true;
  const load = clients.flatMap((client) =>
    Array.from({ length: 3 }, async () => {
      while (loading) {
        const outcome = await client.get().then(String, String);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        await sleep(5);
      }
    }),
  );
  await startReplica();
  await endReplica(first);
  await startReplica();
  await endReplica(second);
  loading = false;
  await Promise.all(load);
  for (const client of clients) client.close();
  expect([...outcomes.keys()]).toEqual(['200']);
  expect(outcomes.get('200')).toBeGreaterThan(100);
  for (const replica of [first, second]) {
    expect(replica.stdoutTail()).toContain('no new connections');
  }
}, 240_000);
