import { once } from 'node:events';
import { createServer as createHttp1Server } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createConnection, type Server } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { trackServer } from '../../../test/fixtures/connections.ts';
import type { HttpExchange } from './http-exchange.ts';
import { Http1Exchange } from './http1-exchange.ts';
import { Http2Exchange, openHttp2Request } from './http2-exchange.ts';
import { limitResponseTime } from './respond.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  vi.useRealTimers();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return isAddressInfo(address) ? address.port : 0;
}

function isAddressInfo(address: ReturnType<Server['address']>): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

/** Tests wait for the time without progress only. */
const limits = { idleMs: 300, totalMs: 60_000 };

function createHttp1(onExchange: (exchange: HttpExchange) => void) {
  const server = createHttp1Server((request, response) =>
    onExchange(new Http1Exchange(request, response, connections.of(request.socket))),
  );
  const connections = trackServer(server);
  return { server, connections };
}

function createHttp2(onExchange: (exchange: HttpExchange) => void) {
  const server = createHttp2Server().on('session', (session) => {
    const connection = connections.of(session.socket);
    connection.destroyBy(() => session.destroy());
    session.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      const open = openHttp2Request(stream, [], connection);
      onExchange(new Http2Exchange(stream, headers, [], open));
    });
  });
  const connections = trackServer(server);
  return { server, connections };
}

describe('a client that does not read its response', () => {
  /** Answers, and resolves when the request is closed. */
  const answering = (bytes: number) => {
    const closed = Promise.withResolvers<string>();
    const answer = (exchange: HttpExchange): void => {
      exchange.open.onClose(() => closed.resolve('closed'));
      limitResponseTime(exchange, limits);
      exchange.send(200, {}, [Buffer.alloc(bytes)]);
    };
    return { answer, closed: closed.promise };
  };

  it('is disconnected over HTTP/1.1', async () => {
    // More than the buffers between the two hold.
    const { answer, closed } = answering(32 * 1024 * 1024);
    const { server, connections } = createHttp1(answer);
    const port = await listen(server);
    const socket = createConnection(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await closed).toBe('closed');
    expect(connections.closed).toEqual(['stalled']);
    socket.destroy();
  });

  it('is disconnected over HTTP/2', async () => {
    const { answer, closed } = answering(1024 * 1024);
    const { server, connections } = createHttp2(answer);
    const session = connect(`http://127.0.0.1:${await listen(server)}`);
    const ended = once(session, 'close');
    session.request({ ':path': '/' }).on('error', () => undefined);
    expect(await closed).toBe('closed');
    await ended;
    expect(connections.closed).toEqual(['stalled']);
  });

  it('loses only its request on a connection of the front proxy', async () => {
    // More than the flow-control window of the client.
    const { answer, closed } = answering(1024 * 1024);
    const { server, connections } = createHttp2((exchange) => {
      exchange.open.connection.markFrontProxy();
      if (exchange.target === '/large') answer(exchange);
      else exchange.send(200, {}, [Buffer.from('small')]);
    });
    const session = connect(`http://127.0.0.1:${await listen(server)}`);
    const stream = session.request({ ':path': '/large' });
    const code = new Promise((resolve) => {
      stream.once('error', () => undefined);
      stream.once('close', () => resolve(stream.rstCode));
    });
    expect(await closed).toBe('closed');
    const other = session.request({ ':path': '/small' }).setEncoding('utf8');
    expect(await other.toArray()).toEqual(['small']);
    stream.resume();
    // CANCEL
    expect(await code).toBe(8);
    expect(connections.closed).toEqual(['stalled']);
    session.destroy();
  });
});

describe('an HTTP/2 client that does not end its request', () => {
  it('gets the whole response, and the stream is closed', async () => {
    // Long enough for the answer to arrive before the timeout, even on a busy machine.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closed = Promise.withResolvers<string>();
    const body = Buffer.alloc(1024 * 1024, 'a');
    const { server, connections } = createHttp2((exchange) => {
      exchange.onBody(() => undefined);
      exchange.open.onClose(() => closed.resolve('closed'));
      limitResponseTime(exchange, limits);
      exchange.send(200, {}, [body]);
    });
    const session = connect(`http://127.0.0.1:${await listen(server)}`);
    const stream = session.request({ ':method': 'POST' }, { endStream: false });
    const received: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    await once(stream, 'end');
    expect(Buffer.concat(received).equals(body)).toBe(true);
    expect(stream.closed).toBe(false);
    vi.advanceTimersByTime(300);
    await once(stream, 'close');
    expect(await closed.promise).toBe('closed');
    // NO_ERROR
    expect(stream.rstCode).toBe(0);
    expect(connections.closed).toEqual([]);
    session.destroy();
  });
});
