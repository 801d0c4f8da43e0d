import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantityToScalar } from '@kubernetes/client-node/dist/util.js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { freePort } from '../../scripts/parts/free-port.ts';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';
import { watchCpuWaiting } from './cpu-waiting.ts';

/** How long Prometheus is away, in seconds. */
const OUTAGE = Number(process.env.PROMETHEUS_OUTAGE_SECONDS ?? '10');

/** The defaults of `--query-max-age` and `--prometheus-max-concurrency`. */
const MAX_AGE_MS = 1_000;
const MAX_CONCURRENCY = 20;

/** From the adapter to here, in milliseconds. */
const WAY_MS = 100;

const CLIENTS = 30;

/** Each client selects by a label of its own that no series has, so that its queries are its own. */
const pathFor = (client: number, turn: number) =>
  `/apis/external.metrics.k8s.io/v1beta1/namespaces/default/up?labelSelector=!client_${client}_${turn % 3}`;

/** The value is the time of its evaluation: to the millisecond, as a timestamp is not. */
const RULES = `externalRules:
- seriesQuery: up
  resources: {namespaced: false}
  metricsQuery: time() + 0 * max(<<.Series>>{<<.LabelMatchers>>})
`;

let scratch: string;
let port: number;
let prometheus: RunningPrometheus;
let adapter: StandaloneAdapter;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'outage-'));
  await writeFile(join(scratch, 'rules.yaml'), RULES);
  port = await freePort();
  prometheus = await start();
  adapter = await startStandaloneAdapter({
    config: join(scratch, 'rules.yaml'),
    prometheusUrl: prometheus.url,
    certificates: join(scratch, 'certificates'),
    flags: ['--metrics-relist-interval=2s', '--metrics-max-age=1h'],
  });
  await vi.waitFor(
    async () => expect((await adapter.get(pathFor(0, 0))).status).toBe(200),
    PATIENCE,
  );
});

afterAll(async () => {
  await adapter?.stop();
  prometheus?.signal('SIGCONT');
  await prometheus?.stop();
  await rm(scratch, { recursive: true, force: true });
});

const PATIENCE = { timeout: 20_000, interval: 100 };

/** The same Prometheus again: its port and its data. */
function start(): Promise<RunningPrometheus> {
  return startPrometheus({
    port,
    dataDir: join(scratch, 'data'),
    config: `scrape_configs: [{job_name: itself, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:${port}']}]}]`,
  });
}

/** One request and its answer; times in milliseconds since the epoch. */
interface Answered {
  readonly sentAt: number;
  readonly at: number;
  readonly status: number;
  readonly body: string;
}

const now = () => performance.timeOrigin + performance.now();

/** Many clients, each with a connection of its own, that ask again as soon as they are answered. */
function startLoad(): { readonly answers: readonly Answered[]; stop(): Promise<void> } {
  const answers: Answered[] = [];
  let isOn = true;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; isOn; turn += 1) {
      const sentAt = now();
      const { status, body } = await get(agent, pathFor(client, turn));
      answers.push({ sentAt, at: now(), status, body });
      await sleep(30);
    }
    agent.destroy();
  });
  return {
    answers,
    stop: async () => {
      isOn = false;
      await Promise.all(clients);
    },
  };
}

function get(agent: Agent, path: string): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const host = '127.0.0.1';
  request({ host, port: adapter.port, path, agent, rejectUnauthorized: false }, (response) => {
    text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
  })
    .on('error', reject)
    .end();
  return promise;
}

/** Of metrics without labels. */
function valuesIn(body: string): (name: string) => number {
  const lines = body.split('\n').map((line): [string, number] => {
    const [name = '', value] = line.split(' ');
    return [name, Number(value)];
  });
  const values = new Map(lines);
  return (name) => values.get(name) ?? Number.NaN;
}

async function own(name: string): Promise<number> {
  const { body } = await adapter.get('/metrics');
  return valuesIn(body)(`prom_metrics_adapter_prometheus_${name}`);
}

interface AdapterState {
  readonly at: number;
  readonly running: number;
  readonly queued: number;
  readonly memory: number;
}

/** Polls the state that the adapter reports. */
function watchAdapter() {
  const states: AdapterState[] = [];
  let isOn = true;
  const watching = (async () => {
    while (isOn) {
      const value = valuesIn((await adapter.get('/metrics')).body);
      states.push({
        at: now(),
        running: value('prom_metrics_adapter_prometheus_queries_running'),
        queued: value('prom_metrics_adapter_prometheus_queries_queued'),
        memory: value('process_resident_memory_bytes'),
      });
      await sleep(200);
    }
  })();
  return {
    states,
    stop: async () => {
      isOn = false;
      await watching;
    },
  };
}

/** When a value was evaluated, in milliseconds since the epoch. */
function evaluatedAt({ body }: Answered): number {
  const list: unknown = JSON.parse(body);
  const items: unknown = Reflect.get(Object(list), 'items');
  const text: unknown = Array.isArray(items) ? Reflect.get(Object(items[0]), 'value') : undefined;
  if (typeof text !== 'string') throw new Error(`no value: ${body}`);
  // Every thousandth second ends with a `k`.
  return Number(quantityToScalar(text)) * 1_000;
}

test.each([
  {
    how: 'killed and started again',
    away: () => prometheus.signal('SIGKILL'),
    back: async () => {
      await prometheus.kill();
      prometheus = await start();
    },
  },
  {
    how: 'stopped and continued',
    away: () => prometheus.signal('SIGSTOP'),
    back: async () => prometheus.signal('SIGCONT'),
  },
])(
  'Prometheus is $how under load',
  async ({ away, back }) => {
    // A machine that is busy otherwise is not to be held against the adapter.
    const waiting = watchCpuWaiting(() => [process.pid, adapter.pid, prometheus.pid]);
    const heldUp = waiting.within;
    const openedBefore = await own('circuit_opened_total');
    const load = startLoad();
    const watched = watchAdapter();
    await sleep(4_000);
    const awayAt = now();
    away();
    await sleep(OUTAGE * 1_000);
    const ready = await adapter.get('/readyz');
    await back();
    const backAt = now();
    await sleep(5_000);
    await load.stop();
    await watched.stop();
    waiting.stop();

    const { answers } = load;
    const before = answers.filter(({ at }) => at < awayAt);
    const during = answers.filter(({ sentAt }) => sentAt > awayAt + MAX_AGE_MS && sentAt < backAt);
    expect(new Set(before.map(({ status }) => status))).toEqual(new Set([200]));
    expect(before.length).toBeGreaterThan(CLIENTS);
    expect(during.length).toBeGreaterThan(CLIENTS * OUTAGE);
    // Every answer is an error within a second, or a value that is not too old.
    const late = answers
      .map(({ sentAt, at }) => ({ took: at - sentAt, heldUp: heldUp(sentAt, at) }))
      .filter((each) => each.took - each.heldUp > 1_000);
    expect(late).toEqual([]);
    const values = answers.filter(({ status }) => status === 200);
    const tooOld = values
      .map((answer) => ({ at: answer.at, from: evaluatedAt(answer) }))
      .map(({ from, at }) => ({ age: at - from, heldUp: heldUp(from, at) }))
      .filter((each) => each.age - each.heldUp > MAX_AGE_MS + WAY_MS);
    expect(tooOld).toEqual([]);
    const failures = answers.filter(({ status }) => status !== 200);
    expect(new Set(failures.map(({ status, body }) => `${status} ${body}`))).toEqual(
      new Set([
        `500 ${JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: 'Internal error occurred: unable to fetch metrics',
          reason: 'InternalError',
          details: { causes: [{ message: 'unable to fetch metrics' }] },
          code: 500,
        })}`,
      ]),
    );
    // In the outage proper there are only failures; and one outage it is.
    expect(new Set(during.map(({ status }) => status))).toEqual(new Set([500]));
    expect(await own('circuit_opened_total')).toBe(openedBefore + 1);
    // Being without Prometheus takes no replica out of service.
    expect(ready.status).toBe(200);
    // Full service within 2 s of its return.
    const lateFailures = failures
      .map(({ sentAt }) => ({ after: sentAt - backAt, heldUp: heldUp(backAt, sentAt) }))
      .filter((each) => each.after - each.heldUp > 2_000);
    expect(lateFailures).toEqual([]);
    const served = answers.filter(({ sentAt, status }) => sentAt > backAt && status === 200);
    expect(served.length).toBeGreaterThan(CLIENTS);
    expect(new Set(answers.slice(-CLIENTS).map(({ status }) => status))).toEqual(new Set([200]));
    expect(adapter.stdoutTail()).toContain('Prometheus reachable again');
    // Nothing has piled up.
    const { states } = watched;
    const most = (of: 'running' | 'queued' | 'memory', from: number, to: number) =>
      Math.max(...states.filter(({ at }) => at > from && at < to).map((state) => state[of]));
    expect(most('running', 0, now())).toBeLessThanOrEqual(MAX_CONCURRENCY);
    expect(most('queued', 0, now())).toBeLessThanOrEqual(CLIENTS);
    expect(most('memory', awayAt, now())).toBeLessThan(most('memory', 0, awayAt) + 128 * 2 ** 20);
    expect(states.length).toBeGreaterThan(OUTAGE);
    await expect.poll(() => own('queries_running'), PATIENCE).toBe(0);
    expect(await own('queries_queued')).toBe(0);
    expect(await own('circuit_open')).toBe(0);
  },
  60_000 + 2_000 * OUTAGE,
);
