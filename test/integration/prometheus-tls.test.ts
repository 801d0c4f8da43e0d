import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import type { PrometheusOptions } from '../../src/prometheus/client/options.ts';
import {
  createAuthority,
  createClientCertificate,
  createServerCertificate,
  type KeyPair,
} from './certificates.ts';

/** bcrypt of "correct horse" with the smallest cost. */
const PASSWORD_HASH = '$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e';

let directory: string;
let server: RunningPrometheus;
let authority: KeyPair;
let paths: Readonly<Record<'ca' | 'otherCa' | 'clientCert' | 'clientKey', string>>;
const clients: PrometheusClient[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'prometheus-tls-'));
  authority = await createAuthority('test CA');
  const serverPair = await createServerCertificate(authority);
  const clientPair = await createClientCertificate(authority, 'adapter');
  paths = {
    ca: await write('ca.crt', authority.cert),
    otherCa: await write('other-ca.crt', (await createAuthority('other CA')).cert),
    clientCert: await write('client.crt', clientPair.cert),
    clientKey: await write('client.key', clientPair.key),
  };
  server = await startPrometheus({
    webConfig: [
      'tls_server_config:',
      `  cert_file: ${await write('server.crt', serverPair.cert)}`,
      `  key_file: ${await write('server.key', serverPair.key)}`,
      '  client_auth_type: RequireAndVerifyClientCert',
      `  client_ca_file: ${paths.ca}`,
      'basic_auth_users:',
      `  adapter: ${PASSWORD_HASH}`,
      '',
    ].join('\n'),
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) {
    client.close();
  }
});

afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

function urlWith(credentials: string): string {
  return server.url.replace('://', `://${credentials}@`);
}

function connect(options: Partial<PrometheusOptions>): PrometheusClient {
  const client = createPrometheusClient({
    url: urlWith('adapter:correct%20horse'),
    caFile: paths.ca,
    clientCertFile: paths.clientCert,
    clientKeyFile: paths.clientKey,
    ...options,
  });
  clients.push(client);
  return client;
}

const ONE = { type: 'scalar', value: 1 };

describe('a real Prometheus with TLS, client certificates and passwords', () => {
  test('answers with all of them', async () => {
    expect(await connect({}).query('1')).toMatchObject(ONE);
    expect(await connect({ verb: 'POST' }).query('1')).toMatchObject(ONE);
  });

  test('a certificate of an unknown CA', async () => {
    for (const wrong of [
      connect({ caFile: paths.otherCa }),
      createPrometheusClient({
        url: server.url,
        clientCertFile: paths.clientCert,
        clientKeyFile: paths.clientKey,
      }),
    ]) {
      await expect(wrong.query('1')).rejects.toMatchObject({
        kind: 'unreachable',
        message: expect.stringMatching(/certificate/),
      });
      wrong.close();
    }
  });

  test('any certificate, if insecureSkipVerify is set', async () => {
    const client = connect({ caFile: paths.otherCa, insecureSkipVerify: true });
    expect(await client.query('1')).toMatchObject(ONE);
  });

  test('any certificate, if the kubeconfig sets it and no CA is given', async () => {
    const options = {
      url: urlWith('adapter:correct%20horse'),
      clientCertFile: paths.clientCert,
      clientKeyFile: paths.clientKey,
      insecureSkipVerify: false,
      identity: { insecureSkipVerify: true },
    };
    const trusting = createPrometheusClient(options);
    const verifying = createPrometheusClient({ ...options, caFile: paths.otherCa });
    clients.push(trusting, verifying);
    expect(await trusting.query('1')).toMatchObject(ONE);
    await expect(verifying.query('1')).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('no client certificate', async () => {
    const client = createPrometheusClient({ url: server.url, caFile: paths.ca });
    clients.push(client);
    await expect(client.query('1')).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('a wrong password, or none', async () => {
    for (const url of [urlWith('adapter:wrong-password'), server.url]) {
      const error: unknown = await connect({ url })
        .query('1')
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ kind: 'unauthorized', status: 401 });
      expect(String(error)).not.toContain('wrong-password');
    }
  });

  test('credentials of a kubeconfig, or of a header', async () => {
    const value = `Basic ${Buffer.from('adapter:correct horse').toString('base64')}`;
    const identity = { authorization: async () => value };
    expect(await connect({ url: server.url, identity }).query('1')).toMatchObject(ONE);
    const headers = [`Authorization=${value}`];
    expect(await connect({ url: urlWith('a:b'), headers }).query('1')).toMatchObject(ONE);
  });

  test('certificates as an identity', async () => {
    const { cert, key } = await createClientCertificate(authority, 'adapter');
    const client = createPrometheusClient({
      url: urlWith('adapter:correct%20horse'),
      identity: { ca: authority.cert, clientCert: cert, clientKey: key },
    });
    clients.push(client);
    expect(await client.query('1')).toMatchObject(ONE);
  });

  test('plain HTTP to a port of TLS', async () => {
    const client = connect({ url: server.url.replace('https', 'http') });
    await expect(client.query('1')).rejects.toMatchObject({
      kind: 'bad_answer',
      status: 400,
      detail: expect.stringContaining('HTTPS server'),
    });
  });

  test('TLS to a port of plain HTTP', async () => {
    const plain = await startPrometheus();
    const client = connect({ url: plain.url.replace('http', 'https') });
    await expect(client.query('1')).rejects.toMatchObject({
      kind: 'unreachable',
      detail: expect.stringContaining('http://'),
    });
    await plain.stop();
  });

  test('a client certificate that is replaced while it is in use', async () => {
    const stranger = await createAuthority('stranger');
    const wrong = await createClientCertificate(stranger, 'adapter');
    const right = await createClientCertificate(authority, 'adapter');
    const warnings: string[] = [];
    const client = connect({
      clientCertFile: await write('rotated.crt', wrong.cert),
      clientKeyFile: await write('rotated.key', wrong.key),
      onWarning: (message) => warnings.push(message),
    });
    await expect(client.query('1')).rejects.toMatchObject({ kind: 'unreachable' });

    // A file of the same size differs by its modification time, which has a resolution of milliseconds.
    await sleep(20);
    // The certificate comes before its key: nothing changes until both are there.
    await write('rotated.crt', right.cert);
    while (warnings.length === 0) {
      await expect(client.query('1')).rejects.toMatchObject({ kind: 'unreachable' });
      await sleep(50);
    }
    expect(warnings[0]).toMatch(/^TLS files: .*mismatch.*last valid files/);

    await write('rotated.key', right.key);
    await expect
      .poll(() => client.query('1').catch(String), { timeout: 10_000 })
      .toMatchObject(ONE);
  });
});

describe('invalid options', () => {
  test('files that are missing or have another format', async () => {
    const nowhere = join(directory, 'nowhere');
    const notPem = await write('not.pem', 'hello');
    const broken = await write(
      'broken.pem',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
    const otherKey = await write('other.key', (await createAuthority('x')).key);
    for (const [options, option, problem] of [
      [{ caFile: nowhere }, 'caFile', 'ENOENT'],
      [{ caFile: notPem }, 'caFile', 'expected certificates in PEM form'],
      [{ caFile: broken }, 'caFile', 'cannot parse certificate 1 of the file'],
      [{ clientCertFile: notPem }, 'clientCertFile', 'expected certificates in PEM form'],
      [{ clientKeyFile: nowhere }, 'clientKeyFile', 'ENOENT'],
      [{ clientKeyFile: otherKey }, 'clientKeyFile', 'mismatch'],
    ] as const) {
      expect(() => connect(options)).toThrow(
        expect.objectContaining({
          name: 'PrometheusOptionsError',
          option,
          message: expect.stringContaining(problem),
        }),
      );
    }
  });

  test('a certificate without its key, and a key without its certificate', () => {
    const pair = { clientCertFile: paths.clientCert, clientKeyFile: paths.clientKey };
    for (const [name, path] of Object.entries(pair)) {
      expect(() => createPrometheusClient({ url: server.url, [name]: path })).toThrow(
        'expected both a client certificate and its key',
      );
    }
  });
});
