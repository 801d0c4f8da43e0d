import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBeginning, streamChunks } from './answer-stream.ts';

describe('streamChunks', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Reads to the end: what came, and the kind of the error where there was one. */
  function follow(stream: PassThrough): { pieces: string[]; end: Promise<unknown> } {
    const pieces: string[] = [];
    const read = async (): Promise<unknown> => {
      try {
        for await (const piece of streamChunks(stream, 'GET /x', { silenceMs: 1000 })) {
          pieces.push(piece.toString());
        }
        return 'end';
      } catch (error) {
        return error;
      }
    };
    return { pieces, end: read() };
  }

  it('go on for as long as something comes in time, and end after the silence', async () => {
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
      message: 'GET /x: nothing came for 1000 ms',
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

  it('are not read where the caller has given up before', async () => {
    const stream = new PassThrough();
    stream.write('a');
    const chunks = streamChunks(stream, 'GET /x', { signal: AbortSignal.abort() });
    await expect(chunks.next()).rejects.toMatchObject({ kind: 'canceled' });
  });
});

describe('readBeginning', () => {
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
