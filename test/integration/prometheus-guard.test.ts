import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../scripts/parts/free-port.ts';
import { startProcess } from '../../scripts/parts/process.ts';
import { startPrometheus } from '../../scripts/parts/prometheus.ts';
import type { PrometheusError } from '../../src/prometheus/errors.ts';
import type { GuardedClient, GuardObserver } from '../../src/prometheus/guard/guard.ts';
import { type GuardedClientOptions, openGuardedClient } from '../../src/prometheus/server.ts';
import { share } from '../../src/prometheus/sharing/share.ts';
import { parametersOf, type StandIn, startStandIn } from './stand-in-server.ts';

const ONE = '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}';
const BUILD_INFO = '/api/v1/status/buildinfo';

/** Keeps a processor busy for a second or more, with little memory. */
const LONG_QUERY = Array(100).fill('sum_over_time(vector(1)[1d:1s])').join(' + ');

/** A request that the stand-in has not answered yet. */
interface Held {
  readonly query: string;
  readonly timeoutMs: number;
  readonly response: ServerResponse;
  answer(status?: number, body?: string): void;
}

/** A stand-in for Prometheus that holds queries until the test answers them, and counts them. */
interface Holding extends StandIn {
  readonly held: Held[];
  most(): number;
  /** The paths of everything that came. */
  readonly paths: string[];
}

let closers: (() => unknown)[];
let queue: { running: number; waiting: number };
let rejected: string[];
let retried: number;
let waited: number[];
let outages: string[];

beforeEach(() => {
  closers = [];
  queue = { running: 0, waiting: 0 };
  rejected = [];
  retried = 0;
  waited = [];
  outages = [];
});

afterEach(async () => {
  for (const close of closers.reverse()) await close();
});

const observer: GuardObserver = {
  queueChanged(now) {
    queue = now;
  },
  waited: (seconds) => waited.push(seconds),
  rejected: (reason) => rejected.push(reason),
  retried() {
    retried += 1;
  },
  outageBegan: ({ lastError }) => outages.push(`lost: ${lastError.kind}`),
  outageEnded: () => outages.push('back'),
};

function guarded(
  url: string,
  settings: Partial<GuardedClientOptions['guard'] & GuardedClientOptions['client']> = {},
): GuardedClient {
  const options = {
    url,
    maxConnections: Number.POSITIVE_INFINITY,
    connectTimeoutMs: 750,
    maxConcurrency: 2,
    maxQueued: 100,
    stallTimeoutMs: 750,
    observer,
    ...settings,
  };
  const client = openGuardedClient({ client: options, guard: options });
  closers.push(client.close);
  return client;
}

async function holding(
  answerOther: (request: IncomingMessage, response: ServerResponse) => void = (_, response) =>
    response.end('{"status":"success","data":{}}'),
): Promise<Holding> {
  const held: Held[] = [];
  const paths: string[] = [];
  let most = 0;
  const server = await startStandIn(async (request, response) => {
    const path = new URL(request.url ?? '', 'http://stand-in').pathname;
    paths.push(path);
    if (path !== '/api/v1/query') return answerOther(request, response);
    const parameters = await parametersOf(request);
    const entry: Held = {
      query: parameters.get('query') ?? '',
      timeoutMs: Number.parseInt(parameters.get('timeout') ?? '', 10),
      response,
      answer(status = 200, body = ONE) {
        response.writeHead(status, { 'content-type': 'application/json' }).end(body);
      },
    };
    held.push(entry);
    most = Math.max(most, held.length);
    // Whether it was answered or the connection was closed.
    response.on('close', () => held.splice(held.indexOf(entry), 1));
  });
  closers.push(server.close);
  return { ...server, held, paths, most: () => most };
}

/** A port whose listener accepts no more connections: the kernel drops new ones. */
async function fullPort(): Promise<number> {
  const port = await freePort();
  const listener = await startProcess({
    name: 'a listener',
    command: process.execPath,
    args: [
      '--eval',
      `require('net').createServer().listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => console.log('listening'))`,
    ],
    isReady: (output) => output.includes('listening'),
  });
  closers.push(listener.kill);
  listener.signal('SIGSTOP');
  for (let count = 0; count < 4; count += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    closers.push(() => socket.destroy());
    await Promise.race([once(socket, 'connect'), sleep(200)]);
  }
  return port;
}

const outcomeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'answered',
    (error: PrometheusError) => error.rejection ?? error.kind,
  );

const queries = (server: Holding): readonly string[] => server.held.map(({ query }) => query);

test('a large response in progress does not block other queries', async () => {
  const server = await startStandIn(async (request, response) => {
    const query = (await parametersOf(request)).get('query');
    if (query === 'large') response.write(`{"status":"success","x":"${'x'.repeat(600_000)}`);
    else response.end(ONE);
  });
  closers.push(server.close);
  const client = guarded(server.url, { maxConcurrency: 1, stallTimeoutMs: 0 });
  const signal = AbortSignal.timeout(20_000);
  const large = client.query('large', { signal }).catch((error: PrometheusError) => error.kind);
  expect(await client.query('small')).toMatchObject({ type: 'scalar' });
  expect(queue).toEqual({ running: 0, waiting: 0 });
  client.close();
  expect(await large).toBe('bad_answer');
});

describe('the limit of concurrent queries', () => {
  test('is exact, and waiting queries run in order of arrival', async () => {
    const server = await holding();
    const client = guarded(server.url, { maxConcurrency: 5 });
    const names = Array.from({ length: 60 }, (_, index) => `q${index}`);
    const asked = Promise.all(names.map((name) => outcomeOf(client.query(name))));
    const order: string[] = [];
    for (let answered = 0; answered < names.length; answered += 1) {
      await expect.poll(() => server.held.length).toBe(Math.min(5, 60 - answered));
      // The stand-in counts an answer as sent before the client has received it.
      await expect
        .poll(() => queue)
        .toEqual({
          running: Math.min(5, 60 - answered),
          waiting: Math.max(0, 55 - answered),
        });
      const [first] = server.held;
      order.push(first?.query ?? '');
      first?.answer();
      await expect.poll(() => server.held).not.toContain(first);
    }
    expect(await asked).toEqual(names.map(() => 'answered'));
    // Those that are sent at the same time may arrive in any order.
    expect(order.map((name) => names.indexOf(name)).every((at, i) => Math.abs(at - i) < 5)).toBe(
      true,
    );
    expect(server.most()).toBe(5);
    expect(waited).toHaveLength(60);
    expect(queue).toEqual({ running: 0, waiting: 0 });
  });

  test('frees the slot of a waiting query, and of a running one, when its request is aborted', async () => {
    const server = await holding();
    const client = guarded(server.url, { maxConcurrency: 1 });
    const first = new AbortController();
    const second = new AbortController();
    const outcomes = [
      outcomeOf(client.query('first', { signal: first.signal })),
      outcomeOf(client.query('second', { signal: second.signal })),
      outcomeOf(client.query('third')),
    ];
    await expect.poll(() => queries(server)).toEqual(['first']);
    second.abort();
    expect(await outcomes[1]).toBe('canceled');
    expect(queue).toEqual({ running: 1, waiting: 1 });
    first.abort();
    expect(await outcomes[0]).toBe('canceled');
    // The next query runs, and the stand-in has noticed the end of the first one.
    await expect.poll(() => queries(server)).toEqual(['third']);
    server.held[0]?.answer();
    expect(await outcomes[2]).toBe('answered');
    expect(queue).toEqual({ running: 0, waiting: 0 });
    expect(outages).toEqual([]);
  });

  test('frees the slot of a shared query when its last request is aborted', async () => {
    const server = await holding();
    const client = guarded(server.url, { maxConcurrency: 1 });
    const shared = share(client, { maxAgeMs: 1_000 });
    const callers = [new AbortController(), new AbortController(), new AbortController()];
    const outcomes = callers.map(({ signal }) =>
      shared.query('same', { signal }).then(
        () => 'answered',
        () => 'given up',
      ),
    );
    await expect.poll(() => queries(server)).toEqual(['same']);
    callers[0]?.abort();
    callers[1]?.abort();
    expect(await Promise.all(outcomes.slice(0, 2))).toEqual(['given up', 'given up']);
    expect(queries(server)).toEqual(['same']);
    callers[2]?.abort();
    expect(await outcomes[2]).toBe('given up');
    await expect.poll(() => server.held).toEqual([]);
    expect(queue).toEqual({ running: 0, waiting: 0 });
  });

  test('comes with a limit of the queue, beyond which queries fail at once', async () => {
    const server = await holding();
    const client = guarded(server.url, { maxConcurrency: 1, maxQueued: 2 });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = names.map((name) => outcomeOf(client.query(name)));
    expect(await Promise.all(outcomes.slice(3))).toEqual(['queue_full', 'queue_full']);
    expect(rejected).toEqual(['queue_full', 'queue_full']);
    for (const name of names.slice(0, 3)) {
      await expect.poll(() => queries(server)).toEqual([name]);
      server.held[0]?.answer();
    }
    expect(await Promise.all(outcomes.slice(0, 3))).toEqual(['answered', 'answered', 'answered']);
  });

  test('has one timeout for the queue and the query; Prometheus gets the rest of it', async () => {
    const server = await holding();
    const client = guarded(server.url, { maxConcurrency: 1, queryTimeoutMs: 9_000 });
    const runs = outcomeOf(client.query('runs', { timeoutMs: 1_500 }));
    expect(await outcomeOf(client.query('waits', { timeoutMs: 300 }))).toBe('deadline');
    expect(await runs).toBe('timeout');
    expect(rejected).toEqual(['deadline']);
    expect(server.paths.filter((path) => path === '/api/v1/query')).toHaveLength(1);

    const first = outcomeOf(client.query('first'));
    const second = outcomeOf(client.query('second'));
    await expect.poll(() => server.held[0]?.timeoutMs).toBeGreaterThan(8_000);
    setTimeout(() => server.held[0]?.answer(), 400);
    expect(await first).toBe('answered');
    await expect.poll(() => queries(server)).toEqual(['second']);
    expect(server.held[0]?.timeoutMs).toBeLessThanOrEqual(8_600);
    server.held[0]?.answer();
    expect(await second).toBe('answered');
  });

  test('does not apply to discovery', async () => {
    const server = await holding((_, response) => response.end('{"status":"success","data":[]}'));
    const client = guarded(server.url, { maxConcurrency: 1 });
    const asked = outcomeOf(client.query('holds'));
    await expect.poll(() => queries(server)).toEqual(['holds']);
    expect(await client.labelNames(['a'], { start: 0 })).toEqual([]);
    expect(await client.labelValues('a', [], { start: 0 })).toEqual([]);
    expect((await client.seriesLabelNames('a', { start: 0 })).size).toBe(0);
    server.held[0]?.answer();
    expect(await asked).toBe('answered');
  });
});

describe('a query is retried once', () => {
  async function failing(times: number, fail: (held: Held) => void) {
    const server = await startStandIn(async (request, response) => {
      const query = (await parametersOf(request)).get('query') ?? '';
      const answer = (status = 200, body = ONE) => response.writeHead(status).end(body);
      if (request.url === BUILD_INFO || query === 'vector(1)') {
        answer();
        return;
      }
      asked += 1;
      if (asked <= times) fail({ query, timeoutMs: 0, response, answer });
      else answer();
    });
    let asked = 0;
    closers.push(server.close);
    return { client: guarded(server.url), asked: () => asked };
  }

  /** Only an immediate failure is retried. With a stopped clock each one is, however busy the machine. */
  function stopClock(): void {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    closers.push(() => clock.mockRestore());
  }

  test.each([
    ['502', (held: Held) => held.answer(502, 'bad gateway')],
    ['503', (held: Held) => held.answer(503, 'Service Unavailable')],
    ['a new connection that is reset', (held: Held) => held.response.socket?.resetAndDestroy()],
  ])('after %s', async (_, fail) => {
    stopClock();
    const { client, asked } = await failing(1, fail);
    expect(await outcomeOf(client.query('a'))).toBe('answered');
    expect([asked(), retried]).toEqual([2, 1]);
    expect(outages).toEqual([]);
  });

  test.each([
    [
      'a rejected query',
      (held: Held) => held.answer(422, '{"status":"error","errorType":"execution"}'),
    ],
    ['too many requests', (held: Held) => held.answer(429, 'slow down')],
    ['an internal error', (held: Held) => held.answer(500, 'oops')],
    ['a missing permission', (held: Held) => held.answer(403, 'no')],
    ['a timeout', (held: Held) => held.answer(503, '{"status":"error","errorType":"timeout"}')],
    ['a timeout of a gateway', (held: Held) => held.answer(504, 'gateway time-out')],
    ['an invalid response', (held: Held) => held.answer(200, 'not JSON')],
    ['a slow 503', (held: Held) => void setTimeout(() => held.answer(503, ''), 300)],
  ])('but not after %s', async (_, fail) => {
    const { client, asked } = await failing(1, fail);
    expect(await outcomeOf(client.query('a'))).not.toBe('answered');
    expect([asked(), retried]).toEqual([1, 0]);
  });

  test('not twice, and for a tenth of the queries at most', async () => {
    stopClock();
    const { client, asked } = await failing(1_000, (held) => held.answer(503, ''));
    for (let count = 0; count < 3; count += 1) {
      expect(await outcomeOf(client.query('a'))).toBe('unavailable');
    }
    expect(asked()).toBe(6);
    const rest = Array.from({ length: 97 }, () => outcomeOf(client.query('a')));
    expect(new Set(await Promise.all(rest))).toEqual(new Set(['unavailable']));
    expect(retried).toBeGreaterThanOrEqual(10);
    expect(retried).toBeLessThanOrEqual(20);
    expect(asked()).toBe(100 + retried);
    // Each probe is answered, so only these queries fail.
    expect(outages).toEqual([]);
  });
});

describe('an outage', () => {
  test('is detected on a closed port, and its end', async () => {
    const port = await freePort();
    const client = guarded(`http://127.0.0.1:${port}`);
    const back = vi.fn();
    client.onAvailable(back);
    expect(await outcomeOf(client.query('a'))).toBe('unreachable');
    await expect.poll(() => outages).toEqual(['lost: unreachable']);
    const failure = client.query('a');
    await expect(failure).rejects.toThrow(
      /^request rejected: circuit open since 20\S+Z, last error: cannot reach Prometheus: .*ECONNREFUSED/,
    );
    expect(await outcomeOf(client.seriesLabelNames('a', { start: 0 }))).toBe('circuit_open');
    expect(rejected).toEqual(['circuit_open', 'circuit_open']);

    const prometheus = await startPrometheus({ port });
    closers.push(prometheus.stop);
    await expect.poll(() => outages, { timeout: 2_000 }).toEqual(['lost: unreachable', 'back']);
    expect(back).toHaveBeenCalledTimes(1);
    expect(await outcomeOf(client.query('1'))).toBe('answered');
  });

  test('is detected if connections are not established', async () => {
    const client = guarded(`http://127.0.0.1:${await fullPort()}`, {
      connectTimeoutMs: 100,
      stallTimeoutMs: 0,
    });
    await expect(client.query('a')).rejects.toThrow('no connection within 100 ms');
    await expect.poll(() => outages).toEqual(['lost: unreachable']);
    expect(retried).toBe(0);
  });

  test('is detected if connections are accepted without a response', async () => {
    const server = await holding(() => undefined);
    const client = guarded(server.url);
    const outcomes = ['a', 'b', 'c'].map((name) => outcomeOf(client.query(name)));
    expect(await Promise.all(outcomes)).toEqual(['unreachable', 'unreachable', 'circuit_open']);
    expect(outages).toEqual(['lost: unreachable']);
    expect(server.paths).toContain(BUILD_INFO);
    expect(queue).toEqual({ running: 0, waiting: 0 });
    // Cancelled requests are also cancelled in Prometheus.
    await expect.poll(() => server.held).toEqual([]);
  });

  test('is detected if the stall timeout is longer than the timeout of a probe', async () => {
    const server = await holding(() => undefined);
    const client = guarded(server.url, { stallTimeoutMs: 1_800, queryTimeoutMs: 5_000 });
    expect(await outcomeOf(client.query('a'))).toBe('unreachable');
    expect(outages).toEqual(['lost: unreachable']);
  });

  test('ends if answers take almost as long as the stall timeout', async () => {
    let isDead = true;
    const server = await startStandIn((_, response) => {
      if (isDead) response.socket?.resetAndDestroy();
      else setTimeout(() => response.end(ONE), 1_200);
    });
    closers.push(server.close);
    const client = guarded(server.url, { stallTimeoutMs: 1_800 });
    expect(await outcomeOf(client.query('a'))).toBe('unreachable');
    await expect.poll(() => outages).toEqual(['lost: unreachable']);
    isDead = false;
    await expect.poll(() => outages, { timeout: 4_000 }).toEqual(['lost: unreachable', 'back']);
    expect(await outcomeOf(client.query('a'))).toBe('answered');
  });

  test('is not a slow query if probes are answered', async () => {
    const server = await holding();
    const client = guarded(server.url);
    const slow = outcomeOf(client.query('slow'));
    await expect.poll(() => queries(server)).toEqual(['slow']);
    await sleep(3_000);
    const probes = () => server.paths.filter((path) => path === BUILD_INFO).length;
    await expect.poll(probes).toBeGreaterThan(3);
    server.held[0]?.answer();
    expect(await slow).toBe('answered');
    expect(outages).toEqual([]);
  });

  test('is not a real Prometheus that is busy with two queries', async () => {
    const prometheus = await startPrometheus();
    closers.push(prometheus.stop);
    const client = guarded(prometheus.url, { stallTimeoutMs: 600, queryTimeoutMs: 60_000 });
    const asked = [0, 1].map((n) => outcomeOf(client.query(`${n} + ${LONG_QUERY}`)));
    expect(await Promise.all(asked)).toEqual(['answered', 'answered']);
    expect(outages).toEqual([]);
    const itself = await (await fetch(`${prometheus.url}/metrics`)).text();
    expect(itself).toMatch(
      /http_requests_total\{code="200",handler="\/api\/v1\/status\/buildinfo"\} [1-9]/,
    );
  });

  test.each([404, 401, 429, 500])(
    'is not declared if the probe is answered with %i',
    async (status) => {
      const server = await holding((_, response) => response.writeHead(status).end('no'));
      const client = guarded(server.url, { stallTimeoutMs: 300 });
      const slow = outcomeOf(client.query('slow'));
      await expect.poll(() => queries(server)).toEqual(['slow']);
      await sleep(1_000);
      server.held[0]?.answer();
      expect(await slow).toBe('answered');
      expect(outages).toEqual([]);
    },
  );

  test('is not a response in progress, though probes fail', async () => {
    const server = await holding(() => undefined);
    const client = guarded(server.url, { stallTimeoutMs: 300 });
    const large = outcomeOf(client.query('large'));
    await expect.poll(() => queries(server)).toEqual(['large']);
    const response = server.held[0]?.response;
    response?.writeHead(200);
    for (const byte of ONE) {
      response?.write(byte);
      await sleep(20);
    }
    response?.end();
    expect(await large).toBe('answered');
    expect(outages).toEqual([]);
  });

  test('is never detected if the stall timeout is 0', async () => {
    const server = await holding(() => undefined);
    const client = guarded(server.url, { stallTimeoutMs: 0, queryTimeoutMs: 1_500 });
    expect(await outcomeOf(client.query('a'))).toBe('timeout');
    expect(outages).toEqual([]);
    expect(server.paths).toEqual(['/api/v1/query']);
  });

  test('ends when queries are answered, not with other responses', async () => {
    let isReady = false;
    const server = await startStandIn((request, response) => {
      if (request.url?.startsWith('/api/v1/query') && !isReady) {
        response.writeHead(503).end('Service Unavailable');
      } else response.end(ONE);
    });
    closers.push(server.close);
    const client = guarded(server.url);
    expect(await outcomeOf(client.query('a'))).toBe('unavailable');
    await expect.poll(() => outages).toEqual(['lost: unavailable']);
    await sleep(1_500);
    expect(outages).toEqual(['lost: unavailable']);
    isReady = true;
    await expect.poll(() => outages, { timeout: 2_000 }).toEqual(['lost: unavailable', 'back']);
    expect(await outcomeOf(client.query('a'))).toBe('answered');
  });

  test('is not assumed for one query that always fails like that', async () => {
    const server = await startStandIn(async (request, response) => {
      const query = (await parametersOf(request)).get('query');
      if (query === 'broken') response.writeHead(503).end('store unavailable');
      else response.end(ONE);
    });
    closers.push(server.close);
    const client = guarded(server.url);
    for (let count = 0; count < 20; count += 1) {
      expect(await outcomeOf(client.query('broken'))).toBe('unavailable');
    }
    await sleep(500);
    expect(outages).toEqual([]);
    expect(await outcomeOf(client.query('fine'))).toBe('answered');
  });

  test('gets no more requests when the client is closed', async () => {
    let asked = 0;
    const server = await startStandIn((_, response) => {
      asked += 1;
      response.socket?.resetAndDestroy();
    });
    closers.push(server.close);
    const client = guarded(server.url);
    expect(await outcomeOf(client.query('a'))).toBe('unreachable');
    await expect.poll(() => outages).toEqual(['lost: unreachable']);
    const askedWhenLost = asked;
    await expect.poll(() => asked).toBeGreaterThan(askedWhenLost + 1);
    client.close();
    // Requests in flight may still arrive.
    await sleep(300);
    const askedWhenClosed = asked;
    await sleep(2_000);
    expect(asked).toBe(askedWhenClosed);
    expect(outages).toEqual(['lost: unreachable']);
  });
});
