import { describe, expect, it } from 'vitest';
import { withScopedSignal } from './scoped-signal.ts';

/** The signal that work gets, for a request with a signal; the work runs until the test ends it. */
function working(signal?: AbortSignal) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let used: AbortSignal | undefined;
  const result = withScopedSignal(signal, (given) => {
    used = given;
    return promise;
  });
  return { result, resolve, reject, used: () => used };
}

describe('a scoped signal', () => {
  it('is aborted when the work has ended or failed', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const { result, resolve, used } = working(signal);
      expect(used()?.aborted).toBe(false);
      resolve('done');
      expect(await result).toBe('done');
      expect(used()?.aborted).toBe(true);
      const failing = working(signal);
      failing.reject(new Error('down'));
      await expect(failing.result).rejects.toThrow('down');
      expect(failing.used()?.aborted).toBe(true);
    }
  });

  it('is aborted with the reason of the request', async () => {
    const request = new AbortController();
    const { resolve, result, used } = working(request.signal);
    const gone = new Error('gone');
    request.abort(gone);
    expect(used()?.reason).toBe(gone);
    resolve('done');
    await result;
    expect(used()?.reason).toBe(gone);
  });
});

it('does not start the work of an aborted request', async () => {
  const gone = new Error('gone');
  const { result, used } = working(AbortSignal.abort(gone));
  await expect(result).rejects.toBe(gone);
  expect(used()).toBeUndefined();
});
