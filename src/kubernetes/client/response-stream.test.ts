import { getEventListeners } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBeginning, streamChunks } from './response-stream.ts';

describe('streamChunks', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Reads to the end: the received pieces, and the kind of the error if there was one. */
  function follow(stream: PassThrough): { pieces: string[]; end: Promise<unknown> } {
    const pieces: string[] = [];
    const read = async (): Promise<unknown> => {
      try {
        for await (const piece of streamChunks(stream, 'GET /x', { stallTimeoutMs: 1000 })) {
          pieces.push(piece.toString());
        }
        return 'end';
      } catch (error) {
        return error;
      }
    };
    return { pieces, end: read() };
  }

  it('continue while data arrives in time, and end after the timeout', async () => {
    const stream = new PassThrough();
    const { pieces, end } = follow(stream);
    for (const piece of ['a', 'b', 'c']) {
      stream.write(piece);
      await nextTurn();
      await vi.advanceTimersByTimeAsync(900);
    }
    expect(pieces).toEqual(['a', 'b', 'c']);
    expect(stream.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(await end).toMatchObject({
      kind: 'timeout',
      message: 'GET /x: nothing received for 1000 ms',
    });
    expect(stream.destroyed).toBe(true);
  });

  it('end with the stream, and leave no timer', async () => {
    const stream = new PassThrough();
    const { pieces, end } = follow(stream);
    stream.end('last');
    expect(await end).toBe('end');
    expect(pieces).toEqual(['last']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are not read if the caller has aborted already', async () => {
    const stream = new PassThrough();
    stream.write('a');
    const chunks = streamChunks(stream, 'GET /x', { signal: AbortSignal.abort() });
    await expect(chunks.next()).rejects.toMatchObject({ kind: 'canceled' });
  });

  it('end at the signal of the caller, without further chunks', async () => {
    const stream = new PassThrough();
    const caller = new AbortController();
    const chunks = streamChunks(stream, 'GET /x', { signal: caller.signal });
    stream.write('a');
    expect(String((await chunks.next()).value)).toBe('a');
    stream.write('b');
    caller.abort();
    await expect(chunks.next()).rejects.toMatchObject({
      kind: 'canceled',
      message: 'GET /x: canceled',
    });
    expect(stream.destroyed).toBe(true);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });

  it('end with the first reason', async () => {
    const stream = new PassThrough();
    const caller = new AbortController();
    const chunks = streamChunks(stream, 'GET /x', { signal: caller.signal, stallTimeoutMs: 1000 });
    const next = chunks.next();
    vi.advanceTimersByTime(1000);
    caller.abort();
    await expect(next).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('break with the connection', async () => {
    const stream = new PassThrough();
    const { end } = follow(stream);
    stream.destroy(new Error('ECONNRESET'));
    expect(await end).toMatchObject({
      kind: 'unreachable',
      message: 'GET /x: the connection broke: ECONNRESET',
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('close the connection when the caller leaves', async () => {
    const stream = new PassThrough();
    const caller = new AbortController();
    stream.write('a');
    for await (const _ of streamChunks(stream, 'GET /x', { signal: caller.signal })) break;
    expect(stream.destroyed).toBe(true);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });

  it('are the received bytes', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3]);
    const pieces: Buffer[] = [];
    const stream = new PassThrough();
    stream.end(bytes);
    for await (const piece of streamChunks(stream, 'GET /x', {})) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(bytes);
    const texts = new PassThrough({ encoding: 'utf8' });
    texts.end('é');
    for await (const piece of streamChunks(texts, 'GET /x', {})) {
      expect(piece).toEqual(Buffer.from('é'));
    }
  });

  it('enable TCP keep-alive', async () => {
    const socket = new Socket();
    const setKeepAlive = vi.spyOn(socket, 'setKeepAlive');
    const message = new IncomingMessage(socket);
    message.push(null);
    for await (const _ of streamChunks(message, 'GET /x', {})) throw new Error('expected nothing');
    expect(setKeepAlive).toHaveBeenCalledExactlyOnceWith(true, 10_000);
  });
});

describe('readBeginning', () => {
  it('stops reading at the limit', async () => {
    const stream = new PassThrough();
    stream.write('abc');
    // The response has not ended, but no more data arrives.
    expect(await readBeginning(stream, 3)).toBe('abc');
    expect(stream.destroyed).toBe(true);
  });

  it('decodes characters that are split between chunks', async () => {
    const stream = new PassThrough();
    const [first, second] = Buffer.from('é');
    stream.write(Buffer.from([first ?? 0]));
    stream.end(Buffer.from([second ?? 0]));
    expect(await readBeginning(stream, 100)).toBe('é');
  });

  it.each([
    [4, 'abcd'],
    [100, 'abcdef'],
  ])('of %i bytes is %s', async (most, expected) => {
    const stream = new PassThrough();
    stream.write('abc');
    stream.end('def');
    expect(await readBeginning(stream, most)).toBe(expected);
  });
});
