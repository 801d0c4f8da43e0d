import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from './body.ts';

/** A body that never ends. */
function endlessBody(): Readable {
  const body = new Readable({ read: () => undefined });
  body.push('{"status":');
  return body;
}

describe('readBody', () => {
  it('ends when its signal is aborted, also before the start', async () => {
    const reason = new Error('enough');
    const late = new AbortController();
    const reading = readBody(endlessBody(), { most: 100, taken: 0 }, late.signal);
    late.abort(reason);
    await expect(reading).rejects.toBe(reason);
    const body = endlessBody();
    const aborted = AbortSignal.abort(reason);
    await expect(readBody(body, { most: 100, taken: 0 }, aborted)).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
  });

  it('counts bytes up to the limit', async () => {
    const body = () => Readable.from([Buffer.alloc(60), Buffer.alloc(60)]);
    const { signal } = new AbortController();
    const size = { most: 120, taken: 0 };
    expect(await readBody(body(), size, signal)).toHaveLength(120);
    expect(size.taken).toBe(120);
    await expect(readBody(body(), { most: 119, taken: 0 }, signal)).rejects.toMatchObject({
      kind: 'too_large',
    });
  });
});
