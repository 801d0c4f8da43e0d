import { once } from 'node:events';
import { constants, getPackedSettings } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { FRAME, type Frame, frameBytes, frameReader } from './http2-frames.ts';
import { headerBlock, statusOf } from './http2-headers.ts';
import type { LoadAnswer, LoadClient, LoadTarget } from './load.ts';
import { connectSocket } from './load-socket.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

const {
  NGHTTP2_FLAG_ACK: ACK,
  NGHTTP2_FLAG_END_HEADERS: END_HEADERS,
  NGHTTP2_FLAG_END_STREAM: END_STREAM,
} = constants;

/** Answers need no table of what was sent before, and are not held back. */
const LARGEST_WINDOW = 2 ** 31 - 1;
const SETTINGS = getPackedSettings({
  headerTableSize: 0,
  enablePush: false,
  initialWindowSize: LARGEST_WINDOW,
});

/** The connection has its own window: what it is at first, and after how much it is renewed. */
const FIRST_WINDOW = 2 ** 16 - 1;
const RENEWAL = 2 ** 24;

interface Exchange extends PromiseWithResolvers<LoadAnswer> {
  status: number;
  readonly pieces: Buffer[];
}

/**
 * One connection for all requests, with frames that are made and read here: the client of Node.js
 * costs as much as the server, and its collections of garbage would be the slowest answers.
 */
export async function http2LoadClient(target: LoadTarget): Promise<LoadClient> {
  const { host } = new URL(target.url);
  const socket = connectSocket(target, 'h2');
  await once(socket, 'secureConnect');
  const send = greet(socket);
  const underWay = new Map<number, Exchange>();
  const blocks = new Map<string, Buffer>();
  let nextStream = 1;
  let untilRenewal = RENEWAL;

  function received(frame: Frame): void {
    const exchange = underWay.get(frame.stream);
    if (frame.stream === 0) receivedOfConnection(frame);
    else if (exchange !== undefined) receivedOfStream(exchange, frame);
  }

  function receivedOfConnection({ type, flags, payload }: Frame): void {
    if (type === FRAME.goAway) failAll(new Error(`ended: ${payload.readUInt32BE(4)}`));
    if ((flags & ACK) !== 0) return;
    if (type === FRAME.settings) send(type, ACK, 0, Buffer.alloc(0));
    if (type === FRAME.ping) send(type, ACK, 0, payload);
  }

  function receivedOfStream(exchange: Exchange, { type, flags, stream, payload }: Frame): void {
    if (type === FRAME.resetStream) {
      exchange.reject(new Error(`reset: ${payload.readUInt32BE(0)}`));
      underWay.delete(stream);
    }
    if (type !== FRAME.headers && type !== FRAME.data) return;
    if (type === FRAME.headers) exchange.status = statusOf(payload);
    else {
      exchange.pieces.push(payload);
      renewWindow(payload.length);
    }
    if ((flags & END_STREAM) !== 0) {
      exchange.resolve({ status: exchange.status, body: Buffer.concat(exchange.pieces) });
      underWay.delete(stream);
    }
  }

  function renewWindow(taken: number): void {
    untilRenewal -= taken;
    if (untilRenewal > 0) return;
    untilRenewal += RENEWAL;
    send(FRAME.windowUpdate, 0, 0, uint32(RENEWAL));
  }

  function failAll(error: Error): void {
    for (const exchange of underWay.values()) exchange.reject(error);
    underWay.clear();
  }

  function blockFor(path: string): Buffer {
    const block = blocks.get(path) ?? headerBlock(host, path, target.headers);
    blocks.set(path, block);
    return block;
  }

  socket.on('data', frameReader(received));
  socket.on('error', failAll);
  socket.on('close', () => failAll(new Error('the connection was closed')));
  return {
    async get(path) {
      if (socket.destroyed) throw new Error('the connection was closed');
      const exchange: Exchange = { ...Promise.withResolvers<LoadAnswer>(), status: 0, pieces: [] };
      underWay.set(nextStream, exchange);
      send(FRAME.headers, END_HEADERS | END_STREAM, nextStream, blockFor(path));
      nextStream += 2;
      return exchange.promise;
    },
    close: () => socket.destroy(),
  };
}

type Send = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** What a client begins with. @returns what sends a frame */
function greet(socket: TLSSocket): Send {
  const send: Send = (type, flags, stream, payload) => {
    // What is sent in one turn goes out as one.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(frameBytes({ type, flags, stream, payload }));
  };
  socket.write(PREFACE);
  send(FRAME.settings, 0, 0, SETTINGS);
  send(FRAME.windowUpdate, 0, 0, uint32(LARGEST_WINDOW - FIRST_WINDOW));
  return send;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
