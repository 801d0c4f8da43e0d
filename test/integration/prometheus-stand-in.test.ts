import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../scripts/parts/free-port.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import type { FinishedRequest, PrometheusOptions } from '../../src/prometheus/client/options.ts';
import { PrometheusError } from '../../src/prometheus/errors.ts';
import { parametersOf, type StandIn, startStandIn } from './stand-in-server.ts';

const ONE = '{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}';
const SECRET = 'a-very-secret-token';

let closers: (() => unknown)[];
let directory: string;
let requests: FinishedRequest[];
let warnings: string[];

beforeEach(async () => {
  closers = [];
  requests = [];
  warnings = [];
  directory = await mkdtemp(join(tmpdir(), 'stand-in-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.reverse()) {
    await close();
  }
  await rm(directory, { recursive: true });
});

async function standIn(answer: RequestListener): Promise<StandIn> {
  const server = await startStandIn(answer);
  closers.push(server.close);
  return server;
}

function connect(options: PrometheusOptions): PrometheusClient {
  const client = createPrometheusClient({
    onRequest: (request) => requests.push(request),
    onWarning: (message) => warnings.push(message),
    ...options,
  });
  closers.push(client.close);
  return client;
}

async function clientOf(
  answer: RequestListener,
  options: Partial<PrometheusOptions> = {},
): Promise<PrometheusClient> {
  return connect({ url: (await standIn(answer)).url, ...options });
}

function json(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}

async function failureOf(asked: Promise<unknown>): Promise<PrometheusError> {
  const error: unknown = await asked.then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof PrometheusError)) {
    throw new Error('expected a PrometheusError', { cause: error });
  }
  return error;
}

describe('a server that does not answer', () => {
  test('at all', async () => {
    const client = await clientOf(() => {}, { queryTimeoutMs: 50, discoveryTimeoutMs: 60 });
    const error = await failureOf(client.query('1'));
    expect(error).toMatchObject({ kind: 'timeout', message: 'no complete response within 50 ms' });
    await expect(client.seriesLabelNames('a', { start: 0 })).rejects.toThrow('within 60 ms');
    await expect(client.query('1', { timeoutMs: 40 })).rejects.toThrow('within 40 ms');
    expect(requests.map(({ outcome }) => outcome)).toEqual(['timeout', 'timeout', 'timeout']);
  });

  test('but sends single bytes slowly', async () => {
    const drip: RequestListener = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(timer));
    };
    const client = await clientOf(drip, { queryTimeoutMs: 100, discoveryTimeoutMs: 100 });
    expect((await failureOf(client.query('1'))).kind).toBe('timeout');
    expect((await failureOf(client.seriesLabelNames('a', { start: 0 }))).kind).toBe('timeout');
  });

  test('until the request is aborted', async () => {
    const giveUp = new AbortController();
    const closed = vi.fn();
    const client = await clientOf((request) => {
      request.on('close', closed);
      giveUp.abort(new Error(SECRET));
    });
    const error = await failureOf(client.query('1', { signal: giveUp.signal }));
    expect(error).toMatchObject({ kind: 'canceled', message: 'the caller cancelled the request' });
    await expect.poll(() => closed).toHaveBeenCalled();
    expect((await failureOf(client.query('1', { signal: giveUp.signal }))).kind).toBe('canceled');
    expect(requests.map(({ outcome }) => outcome)).toEqual(['canceled', 'canceled']);
  });

  test('to the end, when the request is aborted in between', async () => {
    const giveUp = new AbortController();
    const client = await clientOf((_, response) => {
      response.writeHead(200).write('{"status":"success","data":[{"__name__":"a"},');
      setTimeout(() => giveUp.abort(), 20);
    });
    const asked = client.seriesLabelNames('a', { start: 0 }, { signal: giveUp.signal });
    expect((await failureOf(asked)).kind).toBe('canceled');
  });

  test('because the port is closed, or the name is unknown', async () => {
    const unused = connect({ url: `http://127.0.0.1:${await freePort()}` });
    expect(await failureOf(unused.query('1'))).toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const unknown = connect({ url: 'http://prometheus.invalid' });
    expect((await failureOf(unknown.query('1'))).kind).toBe('unreachable');
  });
});

describe('connections', () => {
  test('are kept', async () => {
    const ports = new Set<number | undefined>();
    const client = await clientOf((request, response) => {
      ports.add(request.socket.remotePort);
      json(response, ONE);
    });
    for (let count = 0; count < 3; count += 1) {
      await client.query('1');
    }
    expect(ports.size).toBe(1);
  });

  test('are replaced when the other side has closed them', async () => {
    const seen = new WeakSet<object>();
    let refused = 0;
    const client = await clientOf((request, response) => {
      if (seen.has(request.socket)) {
        refused += 1;
        request.socket.destroy();
        return;
      }
      seen.add(request.socket);
      json(response, ONE);
    });
    await Promise.all([client.query('1'), client.query('1'), client.query('1')]);
    await Promise.all([client.query('1'), client.query('1')]);
    expect(refused).toBeGreaterThanOrEqual(2);
  });

  test('that are new and closed at once are an error', async () => {
    let count = 0;
    const client = await clientOf((request) => {
      count += 1;
      request.socket.destroy();
    });
    expect((await failureOf(client.query('1'))).kind).toBe('unreachable');
    expect(count).toBe(1);
  });

  test('are limited in number', async () => {
    let atOnce = 0;
    let most = 0;
    const client = await clientOf(
      (_, response) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        setTimeout(() => {
          atOnce -= 1;
          json(response, ONE);
        }, 10);
      },
      { maxConnections: 2 },
    );
    await Promise.all(Array.from({ length: 6 }, () => client.query('1')));
    expect(most).toBe(2);
  });
});

describe('an invalid response', () => {
  const page = '<html>\n<h1>502 Bad Gateway</h1>\n</html>';
  const endless = '{"status":"success","data":{';

  test.each([
    [
      'an error page',
      502,
      page,
      'unavailable',
      'HTTP 502: not a response of Prometheus: <html> <h1>502',
    ],
    ['a page instead of an answer', 200, page, 'bad_answer', 'not one of the Prometheus HTTP API'],
    ['nothing', 200, '', 'bad_answer', 'not one of the Prometheus HTTP API'],
    ['half of it', 200, endless, 'bad_answer', 'not one of the Prometheus HTTP API'],
    ['other JSON', 200, '{"kind":"Status"}', 'bad_answer', 'not one of the Prometheus HTTP API'],
    ['null', 200, 'null', 'bad_answer', 'not one of the Prometheus HTTP API'],
    ['a success with a wrong status', 500, ONE, 'unavailable', 'HTTP 500'],
    ['no data', 200, '{"status":"success"}', 'bad_answer', 'data is not an object'],
    ['an unknown path', 404, 'not found', 'bad_answer', 'HTTP 404: no Prometheus HTTP API'],
    ['a query too long', 414, '', 'bad_query', 'HTTP 414: the query is too long for a GET'],
    ['headers too long', 431, '', 'bad_query', 'HTTP 431: the query is too long for a GET'],
    ['too many requests', 429, '', 'unavailable', 'HTTP 429'],
    ['a gateway that waited', 504, '', 'timeout', 'HTTP 504: timeout of a proxy'],
    ['no credentials', 401, 'Unauthorized', 'unauthorized', 'HTTP 401: the credentials'],
    ['wrong credentials', 403, '{"kind":"Status"}', 'unauthorized', 'HTTP 403: the credentials'],
  ])('%s', async (_, status, body, kind, message) => {
    const client = await clientOf((__, response) => json(response, body, status));
    const error = await failureOf(client.query('1'));
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(message);
    expect(requests.map(({ outcome }) => outcome)).toEqual([kind]);
    const failure = await failureOf(client.seriesLabelNames('a', { start: 0 }));
    expect(failure.kind).toBe(kind);
  });

  test.each([
    [503, 'timeout', 'timeout'],
    [503, 'canceled', 'unavailable'],
    [503, 'unavailable', 'unavailable'],
    [500, 'internal', 'unavailable'],
    [422, 'execution', 'bad_query'],
    [400, 'bad_data', 'bad_query'],
    [429, 'too_many_requests', 'unavailable'],
    [404, 'not_found', 'bad_answer'],
    [403, 'forbidden', 'unauthorized'],
    [422, undefined, 'bad_query'],
    [422, '422', 'bad_query'],
    [400, '400', 'bad_query'],
    [413, '413', 'bad_query'],
    [405, undefined, 'bad_answer'],
    [408, undefined, 'timeout'],
    [503, '503', 'unavailable'],
    [200, 'bad_data', 'bad_query'],
  ])('the error of Prometheus itself, %d %s', async (status, errorType, kind) => {
    const body = JSON.stringify({ status: 'error', errorType, error: 'that is why' });
    const client = await clientOf((_, response) => json(response, body, status));
    expect(await failureOf(client.query('1'))).toMatchObject({
      kind,
      status,
      errorType,
      detail: 'that is why',
    });
  });

  test('a body that is cut off', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"status":', () => {
        response.socket?.destroy();
      });
    });
    for (const send of [
      () => client.query('1'),
      () => client.seriesLabelNames('a', { start: 0 }),
    ]) {
      expect(await failureOf(send())).toMatchObject({
        kind: 'bad_answer',
        message: expect.stringContaining('ended before it was complete'),
      });
    }
  });

  test.each([
    ['cut off in the middle', gzipSync(ONE).subarray(0, 30)],
    ['without its trailer', gzipSync(ONE).subarray(0, -8)],
    ['without the last byte', gzipSync(ONE).subarray(0, -1)],
    ['with a wrong checksum', Buffer.concat([gzipSync(ONE).subarray(0, -8), Buffer.alloc(8)])],
    ['not compressed at all', Buffer.from(ONE)],
  ])('a gzip body %s', async (_, body) => {
    const client = await clientOf((__, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
    });
    expect(await failureOf(client.query('1'))).toMatchObject({
      kind: 'bad_answer',
      message: expect.stringContaining('ended before it was complete'),
    });
  });

  test.each(['deflate', 'br', 'gzip, gzip'])('a body compressed with %s', async (encoding) => {
    const accepted: unknown[] = [];
    const client = await clientOf((request, response) => {
      accepted.push(request.headers['accept-encoding']);
      response.writeHead(200, { 'content-encoding': encoding }).end(ONE);
    });
    expect(await failureOf(client.query('1'))).toMatchObject({
      kind: 'bad_answer',
      message: `the response is compressed with "${encoding}"; expected gzip or none`,
    });
    expect(accepted).toEqual(['gzip']);
  });

  test('a chunked body without its last chunk', async () => {
    const client = await clientOf((_, response) => {
      response.writeHead(200).write(ONE, () => response.socket?.destroy());
    });
    expect(await failureOf(client.query('1'))).toMatchObject({
      kind: 'bad_answer',
      message: expect.stringContaining('ended before it was complete'),
    });
  });

  test('a response that is not HTTP', async () => {
    const server = await standIn(() => {});
    server.server.on('connection', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const error = await failureOf(connect({ url: server.url }).query('1'));
    expect(error).toMatchObject({ kind: 'bad_answer' });
    expect(error.message).toContain('does not use HTTP');
  });

  test('a body larger than the limit is not read to its end', async () => {
    let written = 0;
    const flood: RequestListener = (_, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536, ' '))) {
            response.once('drain', pour);
            return;
          }
        }
      };
      pour();
    };
    const client = await clientOf(flood, { maxAnswerBytes: 100_000 });
    for (const send of [
      () => client.query('1'),
      () => client.seriesLabelNames('a', { start: 0 }),
      () => client.labelNames([], { start: 0 }),
    ]) {
      written = 0;
      expect(await failureOf(send())).toMatchObject({
        kind: 'too_large',
        message:
          'the response is larger than 100000 bytes, the limit of --prometheus-max-answer-size',
      });
      expect(written).toBeLessThan(64 * 1024 * 1024);
    }
  });

  test('a small body that decompresses to a large one', async () => {
    const packed = gzipSync(Buffer.alloc(50_000_000, ' '));
    const client = await clientOf(
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
      { maxAnswerBytes: 1_000_000 },
    );
    expect((await failureOf(client.query('1'))).kind).toBe('too_large');
  });
});

describe('a request', () => {
  /** Sends requests to a server that records them. */
  async function sent(
    options: Partial<PrometheusOptions>,
    ask: (client: PrometheusClient) => Promise<unknown>,
  ) {
    const received: { line: string; headers: NodeJS.Dict<string[]>; parameters: unknown }[] = [];
    const { url } = await standIn(async (request, response) => {
      const parameters = [...(await parametersOf(request))];
      const [path] = (request.url ?? '').split('?');
      received.push({
        line: `${request.method} ${path}`,
        headers: request.headersDistinct,
        parameters,
      });
      json(response, path?.endsWith('/query') ? ONE : '{"status":"success","data":[]}');
    });
    await ask(connect({ ...options, url: `${url}${options.url ?? ''}` }));
    return received[0];
  }

  test.each(['GET', 'POST'] as const)('a query by %s', async (verb) => {
    const request = await sent({ verb, url: '/p/?tenant=a&query=x' }, (client) =>
      client.query('up{a="b+c d&e"}', { time: 1700000000.1234, timeoutMs: 1500 }),
    );
    expect(request).toMatchObject({
      line: `${verb} /p/api/v1/query`,
      parameters: [
        ['tenant', 'a'],
        ['query', 'x'],
        ['query', 'up{a="b+c d&e"}'],
        ['time', '1700000000.123'],
        ['timeout', '1500ms'],
      ],
    });
  });

  test('no timeout by default', async () => {
    const request = await sent({}, (client) => client.query('1', { time: 5 }));
    expect(request?.parameters).toEqual([
      ['query', '1'],
      ['time', '5.000'],
    ]);
  });

  test.each(['GET', 'POST'] as const)('discovery by %s', async (verb) => {
    const series = await sent({ verb }, (client) =>
      client.seriesLabelNames('{a="b"}', { start: 1, end: 2.5 }),
    );
    expect(series).toMatchObject({
      line: `${verb} /api/v1/series`,
      parameters: [
        ['match[]', '{a="b"}'],
        ['start', '1.000'],
        ['end', '2.500'],
      ],
    });
    const labels = await sent({ verb }, (client) => client.labelNames(['a', 'b'], { start: 1 }));
    expect(labels).toMatchObject({
      line: `${verb} /api/v1/labels`,
      parameters: [
        ['match[]', 'a'],
        ['match[]', 'b'],
        ['start', '1.000'],
      ],
    });
    const values = await sent({ verb }, (client) =>
      client.labelValues('http.status', ['a'], { start: 1 }),
    );
    expect(values).toMatchObject({
      line: 'GET /api/v1/label/U__http_2e_status/values',
      parameters: [
        ['match[]', 'a'],
        ['start', '1.000'],
      ],
    });
  });

  test('headers, also several of a name', async () => {
    const headers = ['X-Scope-OrgID=a', 'x-scope-orgid=b', 'X-Empty', 'User-Agent=mine'];
    for (const verb of ['GET', 'POST'] as const) {
      const request = await sent({ headers, verb }, (client) => client.query('1'));
      expect(request?.headers).toMatchObject({
        'x-scope-orgid': ['a', 'b'],
        'x-empty': [''],
        'user-agent': ['mine'],
        accept: ['application/json'],
      });
      expect(request?.headers.authorization).toBeUndefined();
    }
  });

  test.each([
    ['a token', { token: ` ${SECRET}\n` }, `Bearer ${SECRET}`],
    ['a header before a token', { token: SECRET, headers: ['Authorization=X y'] }, 'X y'],
    [
      'an identity',
      { identity: { authorization: async (): Promise<string> => 'Basic eA==' } },
      'Basic eA==',
    ],
    [
      'an identity without any',
      { identity: { authorization: async (): Promise<undefined> => undefined } },
      undefined,
    ],
    [
      'a token before an identity',
      { token: SECRET, identity: { authorization: async (): Promise<string> => 'x' } },
      `Bearer ${SECRET}`,
    ],
  ])('%s', async (_, options, expected) => {
    const request = await sent(options, (client) => client.query('1'));
    expect(request?.headers.authorization).toEqual(expected === undefined ? undefined : [expected]);
  });

  test('nothing without credentials, within the timeout', async () => {
    const asked = vi.fn();
    const server = await standIn(asked);
    const query = (authorization: () => Promise<string>) =>
      failureOf(
        connect({ url: server.url, identity: { authorization }, queryTimeoutMs: 50 }).query('1'),
      );
    expect(await query(() => Promise.reject(new Error('the plugin\nfailed')))).toMatchObject({
      kind: 'unauthorized',
      status: undefined,
      message: 'credentials for Prometheus are not available: the plugin failed',
    });
    expect(await query(() => new Promise(() => undefined))).toMatchObject({ kind: 'timeout' });
    expect(requests.map(({ outcome }) => outcome)).toEqual(['unauthorized', 'timeout']);
    expect(asked).not.toHaveBeenCalled();
  });

  test('through the proxy of the environment, but not to this machine', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = await standIn((request, response) => {
      asked.push(request.url);
      json(response, ONE);
    });
    vi.stubEnv('http_proxy', proxy.url);
    vi.stubEnv('no_proxy', '');
    vi.stubEnv('NO_PROXY', '');
    await connect({ url: 'http://prometheus.invalid:9090' }).query('1', { time: 0 });
    expect(asked).toEqual(['http://prometheus.invalid:9090/api/v1/query?query=1&time=0.000']);
    const direct = await clientOf((_, response) => json(response, ONE));
    await direct.query('1');
    expect(asked).toHaveLength(1);
  });
});

describe('token files', () => {
  /** A server that takes one token. */
  function guard(token: () => string): RequestListener {
    return (request, response) =>
      request.headers.authorization === `Bearer ${token()}`
        ? json(response, ONE)
        : json(response, 'Unauthorized', 401);
  }

  test('a new token is used without a restart', async () => {
    let valid = 'first';
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'first\n');
    const client = await clientOf(
      guard(() => valid),
      { tokenFile },
    );
    await client.query('1');
    valid = 'second';
    expect((await failureOf(client.query('1'))).kind).toBe('unauthorized');
    await writeFile(tokenFile, 'second\n');
    await expect
      .poll(() => client.query('1').catch(String), { timeout: 10_000 })
      .toMatchObject({ value: 1 });

    await writeFile(tokenFile, '');
    await vi.waitFor(
      async () => {
        await client.query('1');
        expect(warnings).toEqual([
          expect.stringMatching(
            /^tokenFile: cannot use .*expected a token, found an empty text; using the last/,
          ),
        ]);
      },
      { timeout: 10_000 },
    );
  });

  test('the service account of a pod, whose volume Kubernetes swaps', async () => {
    let valid = 'mounted';
    for (const [name, token] of [
      ['v1', 'mounted'],
      ['v2', 'renewed'],
    ] as const) {
      await writeFile(join(directory, name), token);
    }
    await symlink('v1', join(directory, '..data'));
    await symlink('..data', join(directory, 'token'));
    const client = await clientOf(
      guard(() => valid),
      { inCluster: true, serviceAccountDirectory: directory },
    );
    await client.query('1');
    valid = 'renewed';
    await symlink('v2', join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    await expect
      .poll(() => client.query('1').catch(String), { timeout: 10_000 })
      .toMatchObject({ value: 1 });
  });

  test('files that are missing or empty', async () => {
    const empty = join(directory, 'empty');
    await writeFile(empty, ' \n');
    const url = 'http://x';
    expect(() => connect({ url, tokenFile: empty })).toThrow(
      `tokenFile: cannot use ${empty}: expected a token, found an empty text`,
    );
    expect(() => connect({ url, tokenFile: join(directory, 'none') })).toThrow('ENOENT');
    expect(() => connect({ url, inCluster: true, serviceAccountDirectory: directory })).toThrow(
      /^inCluster: cannot use .*\/token: ENOENT/,
    );
    expect(() =>
      connect({
        url: 'https://x',
        token: 'x',
        inCluster: true,
        serviceAccountDirectory: directory,
      }),
    ).toThrow(/^inCluster: cannot use .*\/ca.crt: ENOENT/);
    expect(() => connect({ url, token: `${SECRET}\n${SECRET}` })).toThrow(
      'token: expected a token, found characters that are not allowed in a header',
    );
  });
});

describe('secrets', () => {
  test('are not sent to the target of a redirect', async () => {
    const reached = vi.fn();
    const elsewhere = await standIn((_, response) => {
      reached();
      json(response, ONE);
    });
    for (const status of [301, 302, 307, 308]) {
      const client = await clientOf(
        (_, response) => {
          const location = `${elsewhere.url}/path?key=${SECRET}`;
          response.writeHead(status, { location }).end();
        },
        { token: SECRET },
      );
      const error = await failureOf(client.query('1'));
      expect(error).toMatchObject({ kind: 'bad_answer', status });
      expect(error.message).toBe(
        `HTTP ${status} redirects to another server; only redirects within the same scheme, host and port are followed: ${elsewhere.url}/path`,
      );
    }
    expect(reached).not.toHaveBeenCalled();
  });

  test('are in no error, even if the server repeats them', async () => {
    const echo: RequestListener = (request, response) => {
      const said = [request.url, ...request.rawHeaders].join(' ');
      json(response, JSON.stringify({ status: 'error', errorType: said, error: said }), 500);
    };
    const page: RequestListener = (request, response) =>
      json(response, [request.url, ...request.rawHeaders].join(' '), 502);
    const gone = `http://user:pass-${SECRET}@127.0.0.1:${await freePort()}?key=${SECRET}`;
    const options = { token: SECRET, headers: [`X-Key=key-${SECRET}`] };
    for (const client of [
      await clientOf(echo, options),
      await clientOf(page, options),
      connect({ url: `${(await standIn(page)).url}?key=${SECRET}` }),
      connect({ url: gone, headers: options.headers }),
    ]) {
      const error = await failureOf(client.query('1'));
      const shown = [
        error.message,
        error.stack,
        JSON.stringify(error),
        String(error.cause),
        error.errorType,
      ].join();
      expect(shown).not.toContain(SECRET);
    }
  });
});

describe('a redirect of the same origin', () => {
  test.each([
    ['GET', 301],
    ['GET', 302],
    ['GET', 303],
    ['GET', 307],
    ['GET', 308],
    ['POST', 301],
    ['POST', 302],
    ['POST', 307],
    ['POST', 308],
  ] as const)('%s %d is followed with its parameters and credentials', async (verb, status) => {
    const seen: string[] = [];
    const client = await clientOf(
      async (request, response) => {
        const parameters = await parametersOf(request);
        const { authorization } = request.headers;
        seen.push(`${request.method} ${request.url?.split('?')[0]} ${authorization}`);
        if (request.url?.startsWith('/api')) {
          const location = `/prometheus${request.url}`;
          response.writeHead(status, { location }).end('moved');
          return;
        }
        expect(parameters.get('query')).toBe('up');
        json(response, ONE);
      },
      { verb, token: SECRET },
    );
    expect(await client.query('up')).toMatchObject({ type: 'scalar' });
    expect(seen).toEqual([
      `${verb} /api/v1/query Bearer ${SECRET}`,
      `${verb} /prometheus/api/v1/query Bearer ${SECRET}`,
    ]);
  });

  test('to itself ends', async () => {
    let asked = 0;
    const client = await clientOf((request, response) => {
      asked += 1;
      response.writeHead(302, { location: request.url }).end();
    });
    expect(await failureOf(client.query('up'))).toMatchObject({
      kind: 'bad_answer',
      message: 'more than 5 redirects in a row: the last one leads to /api/v1/query',
    });
    expect(asked).toBe(6);
  });

  test('with an endless body is followed', async () => {
    const client = await clientOf((request, response) => {
      if (request.url?.startsWith('/api') === false) return json(response, ONE);
      response.writeHead(307, { location: `/p${request.url}` });
      const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(timer));
    });
    expect(await client.query('up')).toMatchObject({ type: 'scalar' });
  });
});

test('an empty list may be null, at every endpoint', async () => {
  const client = await clientOf((request, response) => {
    const nothing = request.url?.includes('/query')
      ? '{"resultType":"vector","result":null}'
      : 'null';
    json(response, `{"status":"success","data":${nothing}}`);
  });
  expect(await client.query('up')).toEqual({ type: 'vector', samples: [] });
  expect(await client.seriesLabelNames('a', { start: 0 })).toEqual(new Map());
  expect(await client.labelNames(['a'], { start: 0 })).toEqual([]);
  expect(await client.labelValues('a', [], { start: 0 })).toEqual([]);
});

describe('partial responses', () => {
  const partialOf = (path: string): string => {
    const data = path.includes('/query') ? '{"resultType":"vector","result":[]}' : '[]';
    return `{"status":"success","data":${data},"warnings":["store is gone"]}`;
  };
  const ask = (client: PrometheusClient) => [
    client.query('up'),
    client.seriesLabelNames('a', { start: 0 }),
    client.labelNames(['a'], { start: 0 }),
    client.labelValues('a', [], { start: 0 }),
  ];

  test.each([
    [undefined, ['partial', 'success', 'success', 'success']],
    ['discovery', ['partial', 'success', 'success', 'success']],
    ['accept', ['success', 'success', 'success', 'success']],
    ['refuse', ['partial', 'partial', 'partial', 'partial']],
  ] as const)('are used according to the options: %s', async (partialAnswers, expected) => {
    const client = await clientOf(
      (request, response) => json(response, partialOf(request.url ?? '')),
      partialAnswers === undefined ? {} : { partialAnswers },
    );
    const outcomes = await Promise.all(
      ask(client).map((asked) =>
        asked.then(
          () => 'success',
          (error: PrometheusError) => error.kind,
        ),
      ),
    );
    expect(outcomes).toEqual(expected);
    expect(requests.map(({ outcome }) => outcome).toSorted()).toEqual(expected.toSorted());
    expect(requests.map(({ notices }) => notices.partial)).toEqual(
      Array(4).fill(['store is gone']),
    );
  });

  test('are distinguished from annotations, and the error names the missing part', async () => {
    const bodies = [
      '{"status":"success","data":{"resultType":"vector","result":[]},"infos":["PromQL info: a"]}',
      '{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}',
    ];
    const client = await clientOf((_, response) => json(response, bodies.shift() ?? ''));
    expect(await client.query('up')).toEqual({ type: 'vector', samples: [] });
    expect((await failureOf(client.query('up'))).message).toBe(
      'the response is partial: the server marked the response as partial (isPartial)',
    );
  });
});

test('the clock skew is reported with every response', async () => {
  const offsets: number[] = [];
  let date = new Date().toUTCString();
  const client = await clientOf(
    (_, response) => {
      response.setHeader('date', date);
      json(response, ONE);
    },
    { onClockOffset: (seconds) => offsets.push(seconds) },
  );
  await client.query('1');
  date = new Date(Date.now() + 300_000).toUTCString();
  await client.query('1');
  date = new Date(Date.now() - 300_000).toUTCString();
  await client.query('1');
  expect(offsets[0]).toBe(0);
  expect(offsets[1]).toBeGreaterThan(290);
  expect(offsets[1]).toBeLessThanOrEqual(300);
  expect(offsets[2]).toBeLessThan(-290);
});

describe('answers as Prometheus 3 gives them', () => {
  test('names in UTF-8, notes and warnings', async () => {
    const client = await clientOf(async (request, response) => {
      const parameters = await parametersOf(request);
      if (request.url?.startsWith('/api/v1/query')) {
        expect(parameters.get('query')).toBe('{"http.requests","service.name"=~".+"}');
        json(
          response,
          '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"http.requests","service.name":"größe","__proto__":"x"},"value":[1763780000.123,"1e+21"]}]},"warnings":["PromQL warning: x"],"infos":["PromQL info: metric might not be a counter"]}',
        );
      } else {
        json(
          response,
          '{"status":"success","data":[{"__name__":"http.requests","service.name":"a","k8s.pod.name":"b"},{"__name__":"http.requests","größe":"x"}],"warnings":["results truncated due to limit"]}',
        );
      }
    });
    const answer = await client.query('{"http.requests","service.name"=~".+"}');
    const sample = answer.type === 'vector' ? [...answer.samples][0] : undefined;
    expect(sample).toMatchObject({ value: 1e21, timestamp: 1763780000.123 });
    expect(Object.entries(sample?.labels ?? {})).toEqual([
      ['__name__', 'http.requests'],
      ['service.name', 'größe'],
      ['__proto__', 'x'],
    ]);
    expect(await client.seriesLabelNames('{"http.requests"}', { start: 0 })).toEqual(
      new Map([['http.requests', new Set(['service.name', 'k8s.pod.name', 'größe'])]]),
    );
    expect(requests.map(({ notices }) => notices)).toEqual([
      {
        partial: [],
        annotations: ['PromQL info: metric might not be a counter', 'PromQL warning: x'],
      },
      { partial: ['results truncated due to limit'], annotations: [] },
    ]);
  });
});
