import { describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { metadataFormat } from '../objects/object-metadata.ts';
import { type ListRequest, readList } from './list.ts';

const { signal } = new AbortController();
const gone = new KubernetesError('gone', 'the continue parameter is too old', { status: 410 });
const item = (name: string) => ({ metadata: { name } });

/** Reads a list whose pages are these, one after the other. */
async function read(
  pages: readonly unknown[],
  selectors: Pick<Partial<ListRequest<unknown>>, 'labelSelector' | 'fieldSelector'> = {},
  hasExpectation = true,
) {
  const queries: Record<string, string>[] = [];
  const begun: { names: string[]; expected: number[] }[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error('not expected here'));
  const client: KubernetesClient = {
    async getJson(path, { query, accept, signal: passedOn } = {}) {
      expect([path, passedOn]).toEqual(['/api/v1/pods', signal]);
      expect(accept).toMatch(/^application\/json;as=PartialObjectMetadataList;/);
      const page = pages[queries.length];
      queries.push(Object.fromEntries(query ?? []));
      if (page instanceof Error) throw page;
      return { body: page, contentType: 'application/json' };
    },
    postJson: unused,
    watch: unused,
    close: () => undefined,
  };
  const begin = () => {
    const receiver = { names: [] as string[], expected: [] as number[] };
    begun.push(receiver);
    return {
      ...receiver,
      add: ({ name }: { readonly name: string }) => void receiver.names.push(name),
      ...(hasExpectation && {
        expect: (atLeast: number) => void receiver.expected.push(atLeast),
      }),
    };
  };
  const request = { path: '/api/v1/pods', format: metadataFormat, signal };
  const result = await readList(client, { ...request, ...selectors }, begin).then(
    ({ receiver, resourceVersion }) => ({ names: receiver.names, resourceVersion }),
    (error: unknown) => error,
  );
  return { result, queries, begun };
}

describe('readList', () => {
  it('reads all pages, and returns the version of the first', async () => {
    const { result, queries, begun } = await read([
      {
        metadata: { resourceVersion: '7', continue: 'x', remainingItemCount: 2 },
        items: [item('a'), item('b')],
      },
      { metadata: { resourceVersion: '8', continue: 'y', remainingItemCount: -1 }, items: null },
      {
        metadata: { resourceVersion: '9', continue: '', remainingItemCount: '5' },
        items: [item('c')],
      },
    ]);
    expect(result).toEqual({ names: ['a', 'b', 'c'], resourceVersion: '7' });
    expect(queries).toEqual([
      { limit: '500' },
      { limit: '500', continue: 'x' },
      { limit: '500', continue: 'y' },
    ]);
    expect(begun[0]?.expected).toEqual([4, 2, 3]);
  });

  it('sends the selectors', async () => {
    const selectors = { labelSelector: 'app=web', fieldSelector: 'status.phase=Running' };
    const { queries } = await read([{ items: [] }], selectors);
    expect(queries).toEqual([{ limit: '500', ...selectors }]);
  });

  it('does not require `expect` of the receiver', async () => {
    const { result } = await read([{ items: [item('a')] }], {}, false);
    expect(result).toEqual({ names: ['a'], resourceVersion: '' });
  });

  it('restarts with an empty receiver if the continue token has expired', async () => {
    const first = { metadata: { continue: 'x', resourceVersion: '7' }, items: [item('a')] };
    const last = { metadata: { resourceVersion: '8' }, items: [item('b')] };
    const { result, queries, begun } = await read([first, gone, gone, gone, last]);
    expect(result).toEqual({ names: ['b'], resourceVersion: '8' });
    expect(begun.map(({ names }) => names)).toEqual([['a'], [], [], ['b']]);
    expect(queries.at(2)).toEqual({ limit: '500' });
    const endless = await read([gone, gone, gone, gone, last]);
    expect(endless.result).toBe(gone);
    expect(endless.begun).toHaveLength(4);
  });

  it('does not restart after another failure', async () => {
    for (const failure of [new KubernetesError('forbidden', 'may not'), new Error('too many')]) {
      const { result, begun } = await read([failure, { items: [] }]);
      expect(result).toBe(failure);
      expect(begun).toHaveLength(1);
    }
  });

  it.each([
    [{ items: 'a' }, 'expected a list of objects'],
    [{}, 'expected a list of objects'],
    [null, 'expected a list of objects'],
    [{ items: [item('a'), item('')] }, 'expected objects with valid metadata'],
  ])('rejects %j', async (page, message) => {
    const { result } = await read([page]);
    expect(result).toMatchObject({ kind: 'bad_answer', message: `GET /api/v1/pods: ${message}` });
  });

  it('rejects a repeated continue token', async () => {
    const page = (token: string) => ({ metadata: { continue: token }, items: [item('a')] });
    const { result, queries } = await read([page('x'), page('y'), page('x')]);
    expect(result).toMatchObject({
      kind: 'bad_answer',
      message: 'GET /api/v1/pods: the same continue token twice',
    });
    expect(queries).toHaveLength(3);
  });
});
