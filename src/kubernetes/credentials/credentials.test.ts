import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenOnLoopback } from '../../../scripts/parts/listen.ts';
import { makeAuthority } from '../../../test/fixtures/certificate-maker.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { type CredentialsSource, createCredentials } from './credentials.ts';

let clock: number;

beforeEach(() => {
  clock = 1_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => clock);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A kubeconfig with a token that changes with every read. */
function accessWith(token: string): ClusterAccess {
  return {
    source: 'the test',
    cluster: {
      name: 'here',
      server: 'http://127.0.0.1:1',
      caFile: undefined,
      caData: undefined,
      skipTLSVerify: false,
      tlsServerName: undefined,
      proxyUrl: undefined,
    },
    user: {
      name: 'me',
      certFile: undefined,
      certData: undefined,
      keyFile: undefined,
      keyData: undefined,
      token,
      username: undefined,
      password: undefined,
      impersonateUser: undefined,
      authProvider: undefined,
      exec: undefined,
    },
  };
}

/** @param tokens those of the first read, the second and so on; the last one is repeated */
async function credentialsOf(
  ...tokens: readonly string[]
): Promise<{ readonly source: CredentialsSource; readonly readings: () => number }> {
  let readings = 0;
  const source = await createCredentials(async () => {
    const token = tokens[readings] ?? tokens.at(-1) ?? '';
    readings += 1;
    return accessWith(token);
  });
  return { source, readings: () => readings };
}

describe('credentials that the API server rejects', () => {
  it('are read again, once for all requests that were sent with them', async () => {
    const { source, readings } = await credentialsOf('old', 'new');
    const old = await source.current();
    const renewed = await source.renewed(old);
    expect(renewed?.headers).toMatchObject({ Authorization: 'Bearer new' });
    // Another request that was sent with the old ones.
    expect(await source.renewed(old)).toBe(renewed);
    expect(await source.current()).toBe(renewed);
    expect(readings()).toBe(2);
  });

  it('are not sent again without new ones, nor read repeatedly', async () => {
    const { source, readings } = await credentialsOf('same');
    const same = await source.current();
    expect(await source.renewed(same)).toBeUndefined();
    expect(readings()).toBe(2);
    expect(await source.renewed(same)).toBeUndefined();
    expect(readings()).toBe(2);
  });

  it('are read once for several requests that are rejected concurrently', async () => {
    const { source, readings } = await credentialsOf('old', 'new');
    const old = await source.current();
    const renewed = await Promise.all([source.renewed(old), source.renewed(old)]);
    expect(renewed.map((each) => each?.headers.Authorization)).toEqual([
      'Bearer new',
      'Bearer new',
    ]);
    expect(readings()).toBe(2);
  });

  it('are read again after 10 s', async () => {
    const { source, readings } = await credentialsOf('same', 'same', 'new');
    const same = await source.current();
    await source.renewed(same);
    clock += 9_999;
    expect(await source.renewed(same)).toBeUndefined();
    expect(readings()).toBe(2);
    clock += 1;
    expect(await source.renewed(same)).toMatchObject({ headers: { Authorization: 'Bearer new' } });
    expect(readings()).toBe(3);
  });

  it('are kept if the new ones are invalid', async () => {
    let readings = 0;
    const source = await createCredentials(async () => {
      readings += 1;
      if (readings > 1) throw new Error('the file is half written');
      return accessWith('old');
    });
    const old = await source.current();
    expect(await source.renewed(old)).toBeUndefined();
    clock += 60_000;
    expect(await source.current()).toBe(old);
  });
});

describe('credentials', () => {
  it('are checked again after 5 s, and a changed CA uses new connections', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'credentials-'));
    const caFile = path.join(directory, 'ca.crt');
    await writeFile(caFile, (await makeAuthority('one')).cert);
    const access = accessWith('token');
    const cluster = { ...access.cluster, server: 'https://127.0.0.1:1', caFile };
    const source = await createCredentials(async () => ({ ...access, cluster }));
    const before = await source.current();
    expect(before.agent).toBeInstanceOf(https.Agent);
    clock += 5_000;
    expect(await source.current()).toBe(before);
    await writeFile(caFile, (await makeAuthority('two')).cert);
    clock += 4_999;
    expect(await source.current()).toBe(before);
    clock += 1;
    const after = await source.current();
    expect(after.agent).not.toBe(before.agent);
    expect(after).toEqual({ ...before, agent: after.agent });
    await rm(directory, { recursive: true });
  });

  it('are read once for concurrent callers', async () => {
    const { source } = await credentialsOf('token');
    const [one, other] = await Promise.all([source.current(), source.current()]);
    expect(one).toBe(other);
  });

  it('keep connections open until they are replaced or closed', async () => {
    const server = http.createServer((_, response) => response.end('fine'));
    const port = await listenOnLoopback(server);
    const open = new Set<unknown>();
    server.on('connection', (socket) => {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    });
    const get = (agent: http.Agent): Promise<string> =>
      new Promise((resolve, reject) => {
        const sent = http.get({ host: '127.0.0.1', port, agent }, (response) =>
          text(response).then(resolve, reject),
        );
        sent.on('error', reject);
      });

    let host = 'here';
    const source = await createCredentials(async () => {
      const access = accessWith(`token of ${host}`);
      return { ...access, cluster: { ...access.cluster, server: `http://${host}` } };
    });
    const first = await source.current();
    expect(first.proxied).toBe(false);
    await get(first.agent);
    await new Promise(setImmediate);
    expect(open.size).toBe(1);
    host = 'elsewhere';
    const second = await source.renewed(first);
    if (second === undefined) throw new Error('expected other credentials');
    expect(second.server).toBe('http://elsewhere');
    await expect.poll(() => open.size).toBe(0);
    await get(second.agent);
    await new Promise(setImmediate);
    expect(open.size).toBe(1);
    source.close();
    await expect.poll(() => open.size).toBe(0);
    server.close();
  });

  it('can be closed before the first use', async () => {
    const { source } = await credentialsOf('token');
    expect(() => source.close()).not.toThrow();
  });

  it('include a user name and a password', async () => {
    const access = accessWith('');
    const user = { ...access.user, token: undefined, username: 'jane', password: 'p:w' };
    const source = await createCredentials(async () => ({ ...access, user }));
    const { headers } = await source.current();
    expect(headers).toEqual({
      Authorization: `Basic ${Buffer.from('jane:p:w').toString('base64')}`,
    });
  });

  it('with characters that HTTP does not allow are rejected without being logged', async () => {
    const { source } = await credentialsOf('secret\nX-Injected: yes');
    const failure: unknown = await source.current().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'unauthorized',
      message: 'the test: the value of Authorization has characters that HTTP does not allow',
    });
    expect(String(failure)).not.toContain('secret');
  });
});
