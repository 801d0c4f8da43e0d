import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterAccessError } from './cluster-access.ts';
import { readKubeconfig } from './kubeconfig.ts';

describe('readKubeconfig', () => {
  let directory: string;
  let file: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'kubeconfig-'));
    file = path.join(directory, 'config');
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  const read = async (text: string) => {
    await writeFile(file, text);
    return readKubeconfig(file);
  };
  const config = (
    cluster: Record<string, unknown>,
    user: Record<string, unknown> | undefined,
    more: Record<string, unknown> = {},
  ) => ({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'dev',
    contexts: [
      { name: 'other', context: { cluster: 'gone', user: 'gone' } },
      { name: 'dev', context: { cluster: 'c', ...(user && { user: 'u' }) } },
    ],
    clusters: [{ name: 'broken' }, { name: 'c', cluster }],
    users: [{ name: 'u', user: user ?? null }],
    ...more,
  });
  const server = 'https://10.0.0.1:6443';

  it('reads the current context, paths relative to the file', async () => {
    const access = await read(
      dump(
        config(
          {
            server: `${server}/`,
            'certificate-authority': 'pki/ca.crt',
            'tls-server-name': 'kube',
          },
          { 'client-certificate': '/abs/me.crt', 'client-key': '../me.key', as: 'jane' },
        ),
      ),
    );
    expect(access.source).toBe(file);
    expect(access.cluster).toMatchObject({
      server,
      caFile: path.join(directory, 'pki/ca.crt'),
      tlsServerName: 'kube',
      skipTLSVerify: false,
    });
    expect(access.user).toMatchObject({
      certFile: '/abs/me.crt',
      keyFile: path.join(path.dirname(directory), 'me.key'),
      impersonateUser: 'jane',
    });
  });

  it('keeps the path of a server behind a gateway', async () => {
    const access = await read(
      dump(config({ server: 'https://gate/k8s/clusters/c-1/' }, { token: 't' })),
    );
    expect(access.cluster.server).toBe('https://gate/k8s/clusters/c-1');
  });

  it.each([
    ['https://gate//k8s', 'https://gate//k8s'],
    ['http://127.0.0.1:8001//', 'http://127.0.0.1:8001'],
    ['HTTPS://Gate:443/', 'https://gate'],
  ])('reads the server %s', async (text, expected) => {
    const { cluster } = await read(dump(config({ server: text }, {})));
    expect(cluster.server).toBe(expected);
  });

  it('reads all fields of a cluster and a user', async () => {
    const cluster = {
      server,
      'certificate-authority-data': 'Y2E=',
      'insecure-skip-tls-verify': null,
      'proxy-url': 'http://proxy:3128',
    };
    const authProvider = { name: 'oidc', config: { 'id-token': 'i' } };
    const user = {
      'client-certificate-data': 'Y2VydA==',
      'client-key-data': 'a2V5',
      token: 't',
      username: 'jane',
      password: 'p',
      'auth-provider': authProvider,
      exec: null,
    };
    expect(await read(dump(config(cluster, user)))).toEqual({
      source: file,
      cluster: {
        name: expect.any(String),
        server,
        caFile: undefined,
        caData: 'Y2E=',
        skipTLSVerify: false,
        tlsServerName: undefined,
        proxyUrl: 'http://proxy:3128',
      },
      user: {
        name: 'u',
        certFile: undefined,
        certData: 'Y2VydA==',
        keyFile: undefined,
        keyData: 'a2V5',
        token: 't',
        username: 'jane',
        password: 'p',
        impersonateUser: undefined,
        authProvider,
        exec: undefined,
      },
    });
  });

  it('looks up an exec plugin in PATH if its command has no slash', async () => {
    const exec = { command: 'login', env: [{ name: 'EMPTY' }] };
    const { user } = await read(dump(config({ server }, { exec })));
    expect(user.exec?.command).toBe('login');
    const execInfo = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    expect(user.exec?.env).toEqual([
      { name: 'KUBERNETES_EXEC_INFO', value: execInfo },
      { name: 'EMPTY', value: '' },
    ]);
  });

  it('accepts a context without a user', async () => {
    const access = await read(
      dump(config({ server, 'insecure-skip-tls-verify': true }, undefined)),
    );
    expect(access.cluster.skipTLSVerify).toBe(true);
    expect(access.user).toMatchObject({ token: undefined, authProvider: undefined });
  });

  it('prefers tokenFile to token', async () => {
    const { user } = await read(dump(config({ server }, { token: 'old', tokenFile: 'token' })));
    expect(user.token).toBeUndefined();
    expect(user.authProvider).toMatchObject({
      config: { tokenFile: path.join(directory, 'token') },
    });
  });

  it('sets the environment of an exec plugin as kubectl does', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      command: './login',
      args: ['--quiet'],
      env: [{ name: 'REGION', value: 'eu' }],
    };
    const { user } = await read(dump(config({ server }, { exec })));
    expect(user.exec).toMatchObject({ command: path.join(directory, 'login'), args: ['--quiet'] });
    expect(user.exec?.env).toEqual([
      {
        name: 'KUBERNETES_EXEC_INFO',
        value: JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          kind: 'ExecCredential',
          spec: { interactive: false },
        }),
      },
      { name: 'REGION', value: 'eu' },
    ]);
  });

  it('names a missing file', async () => {
    const missing = path.join(directory, 'missing');
    const reading = readKubeconfig(missing);
    await expect(reading).rejects.toThrow(ClusterAccessError);
    await expect(reading).rejects.toThrow(`${missing}: cannot read the kubeconfig: ENOENT`);
  });

  it.each([
    ['clusters:\n- name: [a,,]\n', /^FILE:2:12: not YAML: [^\n]+$/],
    ['', /^FILE: not YAML: expected a document, but the input is empty$/],
    ['null', /^FILE: expected a kubeconfig/],
    ['just text', /^FILE: expected a kubeconfig/],
    ['[]', /^FILE: expected a kubeconfig/],
    ['{}', /^FILE: current-context: is not set/],
    [
      dump(config({ server }, {}, { 'current-context': 'prod' })),
      /^FILE: contexts: there is no context named "prod" \(there are: other, dev\)/,
    ],
    [
      dump(config({ server }, {}, { clusters: [] })),
      /^FILE: clusters: there is no cluster named "c" \(there are: none\)/,
    ],
    [dump(config({ server }, {}, { users: null })), /^FILE: users: there is no user named "u"/],
    [dump(config({ server }, {}, { users: 'me' })), /^FILE: users: expected a list/],
    [dump(config({ server }, {}, { users: ['me'] })), /^FILE: users\[0\]: expected a mapping/],
    [dump(config({}, {})), /^FILE: clusters\[1\].cluster.server: is missing/],
    [
      dump(config({ server: '10.0.0.1:6443' }, {})),
      /^FILE: clusters\[1\].cluster.server: expected the URL/,
    ],
    [
      dump(config({ server: 'ftp://host' }, {})),
      /^FILE: clusters\[1\].cluster.server: expected the URL/,
    ],
    [
      dump(config({ server: 'https://me@host' }, {})),
      /^FILE: clusters\[1\].cluster.server: expected the URL/,
    ],
    [
      dump(config({ server: 'https://host/?a=b' }, {})),
      /^FILE: clusters\[1\].cluster.server: expected the URL/,
    ],
    [
      dump(config({ server }, { 'auth-provider': 'oidc' })),
      /^FILE: users\[0\].user.auth-provider: expected a mapping/,
    ],
    [
      dump(config({ server }, { exec: ['login'] })),
      /^FILE: users\[0\].user.exec: expected a mapping/,
    ],
    [dump(config({ server: 7 }, {})), /^FILE: clusters\[1\].cluster.server: expected a string/],
    [
      dump(config({ server, 'insecure-skip-tls-verify': 'yes' }, {})),
      /^FILE: clusters\[1\].cluster.insecure-skip-tls-verify: expected true or false/,
    ],
    [dump(config({ server }, { token: 12345 })), /^FILE: users\[0\].user.token: expected a string/],
    [
      dump(config({ server }, { exec: { args: [] } })),
      /^FILE: users\[0\].user.exec.command: is missing/,
    ],
    [
      dump(config({ server }, { exec: { command: 'x', env: [{}] } })),
      /^FILE: users\[0\].user.exec.env\[0\].name: is missing/,
    ],
    ...['as-groups', 'as-uid', 'as-user-extra'].map((field): [string, RegExp] => [
      dump(config({ server }, { as: 'jane', [field]: ['admins'] })),
      new RegExp(`^FILE: users\\[0\\].user.${field}: is not supported`),
    ]),
  ])('%# names the place and what was expected', async (text, message) => {
    const error: unknown = await read(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClusterAccessError);
    expect(String(error).replace('ClusterAccessError: ', '').replaceAll(file, 'FILE')).toMatch(
      message,
    );
  });

  it('throws only ClusterAccessError for arbitrary files', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          cluster: fc.dictionary(fc.constantFrom('server', 'proxy-url'), fc.jsonValue()),
          user: fc.dictionary(fc.constantFrom('token', 'exec', 'auth-provider'), fc.jsonValue()),
        })
        .map(({ cluster, user }) => JSON.stringify(config(cluster, user))),
    );
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const outcome: unknown = await read(content).catch((reason: unknown) => reason);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ClusterAccessError);
      }),
      { numRuns: 200 },
    );
  });
});
