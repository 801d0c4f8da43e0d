import { describe, expect, it } from 'vitest';
import type { ClusterAccess } from './cluster-access.ts';
import { type CredentialsSource, createCredentials } from './credentials.ts';

/** A kubeconfig with a token, which is another one each time that it is read. */
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

/** @param tokens those of the first reading, the second and so on; the last stays */
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

describe('credentials that the API server refuses', () => {
  it('are read again, once for all requests that were sent with them', async () => {
    const { source, readings } = await credentialsOf('old', 'new');
    const old = await source.current();
    const renewed = await source.renewed(old);
    expect(renewed?.headers).toMatchObject({ Authorization: 'Bearer new' });
    // Another request that was under way with the old ones.
    expect(await source.renewed(old)).toBe(renewed);
    expect(await source.current()).toBe(renewed);
    expect(readings()).toBe(2);
  });

  it('are not sent again where there are no others, nor read all the time', async () => {
    const { source, readings } = await credentialsOf('same');
    const same = await source.current();
    expect(await source.renewed(same)).toBeUndefined();
    expect(readings()).toBe(2);
    expect(await source.renewed(same)).toBeUndefined();
    expect(readings()).toBe(2);
  });
});
