import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesClient } from './client/client.ts';
import {
  pollExtensionAuthentication,
  readExtensionAuthentication,
} from './extension-authentication.ts';
import { KubernetesError } from './kubernetes-error.ts';

/** An API server with the given answer, and the requests that it receives. */
function apiServer(answer: () => Promise<unknown>) {
  const asked: unknown[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error('not expected here'));
  const client: KubernetesClient = {
    async getJson(path, { query, timeoutMs } = {}) {
      asked.push({ path, query: String(query), timeoutMs });
      return { body: await answer(), contentType: 'application/json' };
    },
    postJson: unused,
    watch: unused,
    close: () => undefined,
  };
  return { client, asked };
}

const read = (data: unknown) =>
  readExtensionAuthentication(apiServer(async () => ({ data })).client);

describe('readExtensionAuthentication', () => {
  it('reads the ConfigMap from the watch cache, with a timeout of 10 s', async () => {
    const { client, asked } = apiServer(async () => ({}));
    await readExtensionAuthentication(client);
    expect(asked).toEqual([
      {
        path: '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
        query: 'resourceVersion=0',
        timeoutMs: 10_000,
      },
    ]);
  });

  it('reads every field', async () => {
    const content = await read({
      'client-ca-file': 'a',
      'requestheader-client-ca-file': 'b',
      'requestheader-allowed-names': '["c", "d"]',
      'requestheader-username-headers': '["e"]',
      'requestheader-uid-headers': '["f"]',
      'requestheader-group-headers': '["g"]',
      'requestheader-extra-headers-prefix': '["h"]',
    });
    expect(content).toEqual({
      clientCa: 'a',
      requestHeader: {
        ca: 'b',
        allowedNames: ['c', 'd'],
        usernameHeaders: ['e'],
        uidHeaders: ['f'],
        groupHeaders: ['g'],
        extraHeaderPrefixes: ['h'],
      },
    });
  });

  it('ignores null and text of only white space', async () => {
    const content = await read({
      'client-ca-file': ' \n',
      'requestheader-client-ca-file': null,
      'requestheader-allowed-names': 'null',
      'requestheader-group-headers': '\n',
    });
    expect(content).toMatchObject({
      clientCa: undefined,
      requestHeader: { ca: undefined, allowedNames: [], groupHeaders: [] },
    });
  });

  it.each([
    ['client-ca-file', 7, 'expected text'],
    ['requestheader-client-ca-file', ['a'], 'expected text'],
    ['requestheader-allowed-names', 'a, b', 'expected a list of names in JSON'],
    ['requestheader-uid-headers', '["a", 1]', 'expected a list of names in JSON'],
    ['requestheader-group-headers', '"a"', 'expected a list of names in JSON'],
  ])('rejects %s: %j', async (field, value, expected) => {
    await expect(read({ [field]: value })).rejects.toMatchObject({
      kind: 'bad_answer',
      message: expect.stringMatching(new RegExp(`data\\[${field}\\]: ${expected}$`)),
    });
  });
});

describe('pollExtensionAuthentication', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function follow(answer: () => Promise<unknown>) {
    const { client, asked } = apiServer(answer);
    const taken: unknown[] = [];
    const told: unknown[] = [];
    const followed = pollExtensionAuthentication({
      client,
      intervalMs: 1_000,
      onChange: ({ clientCa }) => taken.push(clientCa),
      log: {
        info: (message) => told.push(['info', message]),
        warn: (message, fields) => told.push(['warn', message, fields]),
      },
    });
    return { followed, asked, taken, told };
  }

  it('reports new content, and whether it is the first', async () => {
    let clientCa = 'one';
    const answer = async () => ({ data: { 'client-ca-file': clientCa } });
    const { followed, taken, told, asked } = follow(answer);
    expect(await followed.refresh()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([asked.length, taken, told]).toEqual([3, ['one'], []]);
    clientCa = 'two';
    await vi.advanceTimersByTimeAsync(2_000);
    expect([asked.length, taken]).toEqual([5, ['one', 'two']]);
    expect(told).toEqual([['info', 'client certificate authorities of the cluster changed']]);
    followed.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked).toHaveLength(5);
  });

  it('reports each failure once, and its end', async () => {
    const forbidden = new KubernetesError('forbidden', 'may not');
    const away = new KubernetesError('unreachable', 'no route');
    let failure: Error | undefined = forbidden;
    const { followed, taken, told } = follow(async () => {
      if (failure !== undefined) throw failure;
      return { data: { 'client-ca-file': 'one' } };
    });
    expect(await followed.refresh()).toBe(forbidden);
    await vi.advanceTimersByTimeAsync(2_000);
    failure = away;
    await vi.advanceTimersByTimeAsync(2_000);
    failure = undefined;
    await vi.advanceTimersByTimeAsync(2_000);
    followed.close();
    const message =
      'cannot read extension-apiserver-authentication, keeping the last certificate authorities';
    expect(told).toEqual([
      ['warn', message, { error: forbidden }],
      ['warn', message, { error: away }],
      ['info', 'reading extension-apiserver-authentication succeeds again'],
    ]);
    expect(taken).toEqual(['one']);
  });

  it('reports content again that was not accepted', async () => {
    const { client } = apiServer(async () => ({ data: { 'client-ca-file': 'one' } }));
    let attempts = 0;
    const followed = pollExtensionAuthentication({
      client,
      intervalMs: 1_000,
      onChange: () => {
        attempts += 1;
        if (attempts === 1) throw new Error('no certificate');
      },
      log: { info: () => undefined, warn: () => undefined },
    });
    expect(await followed.refresh()).toMatchObject({ message: 'no certificate' });
    expect(await followed.refresh()).toBeUndefined();
    expect(await followed.refresh()).toBeUndefined();
    expect(attempts).toBe(2);
    followed.close();
  });

  it('reads once for concurrent callers', async () => {
    const { followed, asked } = follow(async () => ({}));
    await Promise.all([followed.refresh(), followed.refresh()]);
    expect(asked).toHaveLength(1);
    await followed.refresh();
    expect(asked).toHaveLength(2);
    followed.close();
  });
});
