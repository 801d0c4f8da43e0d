import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from './body.ts';

/** A body of which no more comes. */
function endlessBody(): Readable {
  const body = new Readable({ read: () => undefined });
  body.push('{"status":');
  return body;
}

describe('readBody', () => {
  it('ends when its signal says so, also where that was before it began', async () => {
    const reason = new Error('enough');
    const late = new AbortController();
    const reading = readBody(endlessBody(), 100, late.signal);
    late.abort(reason);
    await expect(reading).rejects.toBe(reason);
    const body = endlessBody();
    await expect(readBody(body, 100, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
  });

  it('takes no more than the limit', async () => {
    const body = Readable.from([Buffer.alloc(60), Buffer.alloc(60)]);
    await expect(readBody(body, 100, new AbortController().signal)).rejects.toMatchObject({
      kind: 'too_large',
    });
  });
});
