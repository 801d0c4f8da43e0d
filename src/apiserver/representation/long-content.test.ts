import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyLength } from '../http/body.ts';
import { longContent } from './long-content.ts';

describe('longContent', () => {
  const pieces = () => Array.from({ length: 30 }, (_, i) => Buffer.alloc(10_000, String(i % 10)));
  const whole = Buffer.concat(pieces());

  it('consists of the pieces', async () => {
    const content = await longContent(pieces(), false, new AbortController().signal);
    expect(content.length).toBe(300_000);
    expect(Buffer.concat(await content.bytes())).toEqual(whole);
    expect(gunzipSync(Buffer.concat(await content.gzipped()))).toEqual(whole);
  });

  it('is compressed while it is collected', async () => {
    const content = await longContent(pieces(), true, new AbortController().signal);
    expect(content.length).toBe(300_000);
    expect(gunzipSync(Buffer.concat(await content.gzipped()))).toEqual(whole);
    expect(Buffer.concat(await content.bytes())).toEqual(whole);
  });

  it('is compressed as a whole if it has many small pieces', async () => {
    const small = Array.from({ length: 20_000 }, (_, i) => Buffer.alloc(30, String(i % 10)));
    const content = await longContent(small, true, new AbortController().signal);
    expect(content.length).toBe(600_000);
    expect(gunzipSync(Buffer.concat(await content.gzipped()))).toEqual(Buffer.concat(small));
  });

  it('is not compressed if it is short', async () => {
    const content = await longContent(pieces().slice(0, 2), true, new AbortController().signal);
    expect(bodyLength(await content.bytes())).toBe(20_000);
  });

  it('is empty once it is freed', async () => {
    const content = await longContent(pieces(), false, new AbortController().signal);
    content.free?.();
    expect(bodyLength(await content.bytes())).toBe(0);
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    let made = 0;
    function* endless(): Generator<Buffer> {
      for (;;) {
        made += 1;
        if (made === 3) controller.abort(new Error('the client has gone'));
        yield Buffer.from('x');
      }
    }
    await expect(longContent(endless(), false, controller.signal)).rejects.toThrow('has gone');
    expect(made).toBe(3);
  });
});
