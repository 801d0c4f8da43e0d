import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { createConnection, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { anonymous } from '../../src/apiserver/authentication/user-info.ts';
import {
  anonymousAccess,
  type RequestAccess,
} from '../../src/apiserver/authorization/request-access.ts';
import {
  type ApiserverHost,
  catalogOf,
  externalPath,
  queueDepth,
  startForTest as start,
} from './apiserver-host.ts';

/** Requests of `x-remote-user` count as proven by the front proxy's certificate. */
const access: RequestAccess = {
  ...anonymousAccess,
  authenticate: async ({ headers }) => ({
    method: headers['x-remote-user'] === undefined ? 'anonymous' : 'front_proxy',
    user: anonymous,
  }),
};

const PROVEN = { 'x-remote-user': 'hpa' };
const LISTING = '/apis/custom.metrics.k8s.io/v1beta2';

/** More than the kernel's buffers of a connection on loopback hold, as JSON. */
async function largeListing() {
  const names = Array.from({ length: 40_000 }, (_, i) => `a_metric_with_a_long_name_${i}`);
  const catalog = await catalogOf(names, []);
  return () => catalog;
}

async function open({ port, ca }: ApiserverHost, protocol = 'http/1.1'): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: [protocol] });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve).resume());
}

/** What a connection of HTTP/2 begins with: the preface, and SETTINGS. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0');

/** HEADERS of a GET of `/`: :method, :scheme, :path and :authority. */
function getRoot(index: number): Buffer {
  return Buffer.from([0, 0, 6, 1, 5, ...streamId(index), 0x82, 0x87, 0x84, 1, 1, 0x61]);
}

/** RST_STREAM. */
function cancel(index: number): Buffer {
  return Buffer.from([0, 0, 4, 3, 0, ...streamId(index), 0, 0, 0, 8]);
}

function streamId(index: number): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(2 * index + 1);
  return id;
}

/** Sends a GET over HTTP/1.1 and waits until the answer begins. */
async function ask(socket: TLSSocket, path: string, headers = ''): Promise<void> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
  await once(socket, 'readable');
}

describe('connections', () => {
  it('of one address are limited, except for the front proxy', async () => {
    const host = await start({ access, connections: { maxConnectionsPerAddress: 2 } });
    const first = await open(host);
    await ask(first, '/livez');
    await open(host);
    await expect(host.send('GET', '/version')).rejects.toThrow(/hang up|ECONNRESET|disconnected/);
    expect(host.closed).toEqual(['address_limit']);
    await ask(first, '/version', 'X-Remote-User: hpa\r\n');
    expect((await host.send('GET', '/version')).status).toBe(200);
    expect(host.closed).toEqual(['address_limit']);
  });

  it('are limited in total: the one with the longest idle time is closed', async () => {
    const host = await start({ access, connections: { maxConnections: 3 } });
    const proven = await open(host);
    await ask(proven, '/version', 'X-Remote-User: hpa\r\n');
    const [older, newer] = [await open(host), await open(host)];
    await ask(older, '/version');
    await ask(newer, '/version');
    await ask(older, '/livez');
    const end = closed(newer);
    expect((await host.send('GET', '/version')).status).toBe(200);
    await end;
    expect(host.closed).toEqual(['connection_limit']);
    expect([proven.closed, older.closed]).toEqual([false, false]);
  });

  it('are rejected if all belong to the front proxy', async () => {
    const host = await start({ access, connections: { maxConnections: 1 } });
    const proven = await open(host);
    await ask(proven, '/version', 'X-Remote-User: hpa\r\n');
    await expect(host.send('GET', '/version')).rejects.toThrow(/hang up|ECONNRESET|disconnected/);
    expect(host.closed).toEqual(['connection_limit']);
    expect(proven.closed).toBe(false);
  });

  it('of HTTP/1.1 with too many requests at once are closed', async () => {
    let running = 0;
    const external = () => {
      running += 1;
      return new Promise<never>(() => undefined);
    };
    const host = await start({ external });
    const socket = await open(host);
    socket.write(`GET ${externalPath} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(16));
    await expect.poll(() => running).toBe(16);
    expect(host.answered).toEqual([]);
    const end = closed(socket);
    socket.write(`GET ${externalPath} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await end;
    expect(host.closed).toEqual(['pipeline_limit']);
    await expect.poll(() => host.answered.map(({ code }) => code)).toEqual(Array(16).fill(499));
  });

  it('of HTTP/1.1 are closed before thousands of pipelined requests are parsed', async () => {
    const external = () => new Promise<never>(() => undefined);
    const host = await start({ external });
    const socket = await open(host);
    let requests = 0;
    const count = (): void => {
      requests += 1;
    };
    subscribe('http.server.request.start', count);
    const end = closed(socket);
    socket.write(`GET ${externalPath} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(5_000));
    await end;
    unsubscribe('http.server.request.start', count);
    expect(host.closed).toEqual(['pipeline_limit']);
    expect(requests).toBeLessThan(50);
  });

  it('accept requests in many pieces, and with a body', async () => {
    const host = await start({ access });
    const headers = Array.from(
      { length: 300 },
      (_, i) => `X-Remote-Extra-A${i}: ${'b'.repeat(99)}`,
    );
    const socket = await open(host);
    const request = `POST /version HTTP/1.1\r\nHost: a\r\n${headers.join('\r\n')}\r\n`;
    socket.write(`${request}Content-Length: 5000\r\n\r\n${'x'.repeat(5_000)}`);
    await once(socket, 'readable');
    expect(String(socket.read())).toMatch(/^HTTP\/1.1 405 /);
    socket.write('GET /version HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'readable');
    expect(String(socket.read())).toMatch(/^HTTP\/1.1 200 /);
  });

  it('that open and cancel streams repeatedly are closed', async () => {
    const host = await start();
    const socket = await open(host, 'h2');
    const end = closed(socket);
    const many = Array.from({ length: 700 }, (_, i) => [getRoot(i), cancel(i)]).flat();
    // Fewer than are allowed at once, and a request that is not canceled; then more.
    socket.write(Buffer.concat([PREFACE, ...many.slice(0, 800), getRoot(400)]));
    await expect.poll(() => host.answered.some(({ code }) => code === 200)).toBe(true);
    expect(socket.closed).toBe(false);
    socket.write(Buffer.concat(many.slice(802)));
    await end;
  });
});

describe('the memory of unread answers', () => {
  /** Twice the listing. */
  const connections = { maxUnsentBytes: 16 * 2 ** 20 };

  it('is limited over HTTP/1.1: connections that are not read are closed', async () => {
    const host = await start({ access, connections, catalog: await largeListing() });
    const sockets: TLSSocket[] = [];
    for (let i = 0; i < 12; i += 1) {
      const socket = await open(host);
      await ask(socket, LISTING);
      sockets.push(socket);
      expect(host.unsentBytes()).toBeLessThanOrEqual(connections.maxUnsentBytes);
    }
    expect(host.closed.length).toBeGreaterThan(0);
    expect(new Set(host.closed)).toEqual(new Set(['unsent_limit']));
    expect((await host.send('GET', '/version')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => host.unsentBytes()).toBe(0);
  });

  it.each([
    ['closes the connection', {}, true],
    ["cancels the requests on the front proxy's connection", PROVEN, false],
  ])('over HTTP/2 %s', async (_, headers, isClosed) => {
    const host = await start({ access, connections, catalog: await largeListing() });
    const { session, codes } = unread(host, { ':path': LISTING, ...headers }, 12);
    await expect.poll(() => host.closed.length).toBeGreaterThan(0);
    expect(new Set(host.closed)).toEqual(new Set(['unsent_limit']));
    expect(host.unsentBytes()).toBeLessThanOrEqual(connections.maxUnsentBytes);
    if (isClosed) {
      await expect.poll(() => session.destroyed).toBe(true);
      return;
    }
    // CANCEL
    await expect.poll(() => codes.length).toBe(host.closed.length);
    expect(new Set(codes)).toEqual(new Set([8]));
    const pong = new Promise((resolve) => session.ping(resolve));
    expect(await pong).toBeNull();
    session.destroy();
    await expect.poll(() => host.unsentBytes()).toBe(0);
  });

  it('reserves half for the front proxy, regardless of other clients', async () => {
    const host = await start({ access, connections, catalog: await largeListing() });
    const proven = await open(host);
    await ask(proven, LISTING, 'X-Remote-User: hpa\r\n');
    const others = unread(host, { ':path': LISTING }, 12);
    await expect.poll(() => host.closed).toEqual(['unsent_limit']);
    await expect.poll(() => others.session.destroyed).toBe(true);
    expect(proven.closed).toBe(false);
    proven.destroy();
  });

  it('includes request headers', async () => {
    const external = () => new Promise<never>(() => undefined);
    const host = await start({ external, connections: { maxUnsentBytes: 2 ** 20 } });
    const large = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`x-header-${i}`, 'a'.repeat(1000)]),
    );
    const { session } = unread(host, { ':path': externalPath, ...large }, 40);
    await expect.poll(() => session.destroyed).toBe(true);
    expect(host.closed).toEqual(['unsent_limit']);
    await expect.poll(() => host.answered.length).toBeGreaterThan(3);
    expect(new Set(host.answered.map(({ code }) => code))).toEqual(new Set([499]));
  });

  it('rejects a larger response with an error that names the flag', async () => {
    const external = async () => Array.from({ length: 20_000 }, () => queueDepth);
    const host = await start({ external, connections: { maxUnsentBytes: 2 ** 20 } });
    const { status, body } = await host.send('GET', externalPath);
    expect(status).toBe(500);
    expect(JSON.parse(body.toString()).message).toMatch(
      /^Internal error occurred: the response has \d+ bytes, expected at most 1048576 \(--max-unsent-bytes\)/,
    );
  });

  /** Opens streams whose answers cannot be sent. */
  function unread({ port, ca }: ApiserverHost, headers: OutgoingHttpHeaders, count: number) {
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      ca,
      settings: { initialWindowSize: 0 },
    });
    const codes: unknown[] = [];
    session.on('error', () => undefined);
    for (let i = 0; i < count; i += 1) {
      const stream = session.request(headers);
      stream.on('error', () => undefined);
      stream.on('close', () => codes.push(stream.rstCode));
    }
    return { session, codes };
  }
});

describe('HTTP without TLS', () => {
  it.each(['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])(
    'is answered in the words of Go’s servers: %j',
    async (request) => {
      const host = await start();
      const socket = createConnection(host.port, '127.0.0.1');
      socket.write(request);
      expect(await text(socket)).toBe(
        'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
      );
      expect(host.closed).toEqual(['plain_http']);
    },
  );

  it('is not detected in other bytes', async () => {
    const host = await start();
    const socket = createConnection(host.port, '127.0.0.1');
    socket.write('SSH-2.0-x\r\n');
    expect(await text(socket)).not.toContain('HTTP');
    expect(host.closed).toEqual([]);
  });

  it('does not delay handshakes that arrive in pieces', async () => {
    const host = await start();
    const socket = createConnection(host.port, '127.0.0.1');
    socket.write(Buffer.from([0x16]));
    await expect.poll(() => socket.bytesWritten).toBe(1);
    socket.destroy();
    expect((await host.send('GET', '/livez')).status).toBe(200);
  });
});

describe('the shutdown of the server', () => {
  const EXTREMELY_LONG = 600_000;

  it.each([
    [
      'a connection without a handshake',
      ({ port }: ApiserverHost) => createConnection(port, '127.0.0.1'),
    ],
    ['a request without the end of its head', half('GET /version HTTP/1.1\r\nHos')],
    [
      'a request without the end of its body',
      half('POST /version HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{'),
    ],
    ['a request of HTTP/2 without the end of its headers', http2Half(0)],
    ['a request of HTTP/2 without the end of its body', http2Half(4)],
  ])('does not wait for %s', async (_, begin) => {
    const host = await start();
    const socket = await begin(host);
    socket.on('error', () => undefined);
    const end = closed(socket);
    // The server has received the data of the client.
    expect((await host.send('GET', '/livez')).status).toBe(200);
    await host.close(EXTREMELY_LONG);
    await end;
  });

  it('waits for requests that are in progress', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const external = async () => {
      entered.resolve();
      await gate.promise;
      return [queueDepth];
    };
    const host = await start({ external });
    const answer = host.send('GET', externalPath);
    await entered.promise;
    const ending = host.close(EXTREMELY_LONG);
    // Longer than incomplete requests have.
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    gate.resolve();
    expect((await answer).status).toBe(200);
    await ending;
  });

  function half(begin: string) {
    return async (host: ApiserverHost): Promise<Socket> => {
      const socket = await open(host);
      socket.write(begin);
      return socket;
    };
  }

  /** @param flags of the HEADERS of a POST; 4: they are complete */
  function http2Half(flags: number) {
    return async (host: ApiserverHost): Promise<Socket> => {
      const socket = await open(host, 'h2');
      socket.write(PREFACE);
      // POST of `/`: :method, :scheme, :path and :authority.
      const fields = [0x83, 0x87, 0x84, 1, 1, 0x61];
      socket.write(Buffer.from([0, 0, fields.length, 1, flags, 0, 0, 0, 1, ...fields]));
      return socket;
    };
  }
});

it.each(['/debug', '/debug/pprof', '/debug/pprof/profile', '/debug/flags/v'])(
  '%s is not served',
  async (path) => {
    const host = await start();
    expect((await host.send('GET', path)).status).toBe(404);
  },
);
