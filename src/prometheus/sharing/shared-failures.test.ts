import { describe, expect, it } from 'vitest';
import type { QueryAnswer } from '../query.ts';
import { createSharedFailures } from './shared-failures.ts';

class Refusal extends Error {}

const found: QueryAnswer = { type: 'scalar', value: 1, timestamp: 1 };

/** Requests that have waited for one shared query. */
function requests() {
  const failures = createSharedFailures();
  const asked: { resolve(answer: QueryAnswer): void; reject(error: unknown): void }[] = [];
  const fallBack = (failure: unknown, signal?: AbortSignal) =>
    failures.fallBack(
      failure,
      { signal },
      {
        send() {
          const { promise, resolve, reject } = Promise.withResolvers<QueryAnswer>();
          asked.push({ resolve, reject });
          return promise;
        },
        isServing: (error) => error instanceof Refusal,
      },
    );
  return { asked, fallBack };
}

describe('the failure of a shared query', () => {
  it.each([['text'], [null], [undefined]])(
    'is thrown for all waiting requests if it is %j',
    async (failure) => {
      const { asked, fallBack } = requests();
      await expect(fallBack(failure)).rejects.toBe(failure);
      expect(asked).toEqual([]);
    },
  );

  it('makes all send their single queries after the first one succeeds', async () => {
    const { asked, fallBack } = requests();
    const failure = new Error('unclear');
    const first = fallBack(failure);
    const others = Promise.all([fallBack(failure), fallBack(failure)]);
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(found);
    expect(await first).toBe(found);
    expect(await others).toEqual([undefined, undefined]);
    expect(asked).toHaveLength(1);
  });

  it('lets the others send theirs if the first one is rejected, which gets the error', async () => {
    const { asked, fallBack } = requests();
    const failure = new Error('unclear');
    const both = Promise.allSettled([fallBack(failure), fallBack(failure)]);
    const refusal = new Refusal();
    asked[0]?.reject(refusal);
    expect(await both).toMatchObject([{ reason: refusal }, { value: undefined }]);
  });

  it('is the error of the others if the server does not respond to the first one either', async () => {
    const { asked, fallBack } = requests();
    const failure = new Error('unclear');
    // The signal of a running request is not aborted.
    const all = Promise.allSettled([
      fallBack(failure, new AbortController().signal),
      fallBack(failure),
    ]);
    const down = new Error('down');
    asked[0]?.reject(down);
    const [first, other] = await all;
    expect(first).toMatchObject({ reason: down });
    expect(other).toMatchObject({ reason: failure });
    expect(asked).toHaveLength(1);
  });

  it('is decided by the next request if the first is cancelled', async () => {
    const { asked, fallBack } = requests();
    const failure = new Error('unclear');
    const gone = new AbortController();
    const first = fallBack(failure, gone.signal);
    const others = Promise.all([fallBack(failure), fallBack(failure), fallBack(failure)]);
    gone.abort();
    asked[0]?.reject(gone.signal.reason);
    await expect(first).rejects.toBe(gone.signal.reason);
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    await new Promise(setImmediate);
    expect(asked).toHaveLength(2);
    asked[1]?.resolve(found);
    expect(await others).toEqual([found, undefined, undefined]);
    expect(asked).toHaveLength(2);
  });

  it('is separate for the requests of another shared query', async () => {
    const { asked, fallBack } = requests();
    void fallBack(new Error('unclear'));
    void fallBack(new Error('unclear'));
    expect(asked).toHaveLength(2);
  });
});
