import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type MadeCertificate,
  makeAuthority,
  makeClient,
} from '../../../test/fixtures/certificate-maker.ts';
import { checkCertificates } from './check-certificates.ts';
import { type ClusterAccess, ClusterAccessError } from './cluster-access.ts';

let directory: string;
let ca: MadeCertificate;
let client: MadeCertificate;
let other: MadeCertificate;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'check-certificates-'));
  ca = await makeAuthority('ca');
  [client, other] = await Promise.all([makeClient(ca, 'CN=a'), makeClient(ca, 'CN=b')]);
});
afterAll(() => rm(directory, { recursive: true }));

type Settings = Partial<ClusterAccess['user']> & { caFile?: string; caData?: string };

/** The error for a kubeconfig of this content. */
async function check({ caFile, caData, ...user }: Settings): Promise<unknown> {
  const none = { certFile: undefined, certData: undefined, keyFile: undefined, keyData: undefined };
  const access: ClusterAccess = {
    source: 'config',
    cluster: {
      ...{ name: 'c', server: 'https://127.0.0.1:1', skipTLSVerify: false },
      ...{ caFile, caData, tlsServerName: undefined, proxyUrl: undefined },
    },
    user: {
      ...{ name: 'u', token: undefined, username: undefined, password: undefined },
      ...{ impersonateUser: undefined, authProvider: undefined, exec: undefined },
      ...none,
      ...user,
    },
  };
  return checkCertificates(access).catch((error: unknown) => error);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function fileOf(text: string): Promise<string> {
  const file = path.join(directory, `${Math.random()}.pem`);
  await writeFile(file, text);
  return file;
}

describe('checkCertificates', () => {
  it('accepts matching certificates and keys, from fields and files', async () => {
    expect(await check({})).toBeUndefined();
    const inside = { certData: base64(client.cert), keyData: base64(client.key) };
    expect(await check({ ...inside, caData: base64(ca.cert) })).toBeUndefined();
    const certFile = await fileOf(client.cert);
    const keyFile = await fileOf(client.key);
    expect(await check({ certFile, keyFile, caFile: await fileOf(ca.cert) })).toBeUndefined();
    // Files take precedence over fields, as in client-go.
    const garbage = base64('garbage');
    const both = { certFile, keyFile, certData: garbage, keyData: garbage };
    expect(await check(both)).toBeUndefined();
  });

  it('names each file or field that is missing, invalid or does not match', async () => {
    const certData = base64(client.cert);
    const keyData = base64(client.key);
    const garbage = base64('garbage');
    const pair = 'client-certificate and client-key: expected both or neither';
    const missing = path.join(directory, 'missing');
    const cases: readonly [Settings, string | RegExp][] = [
      [{ certData }, pair],
      [{ keyData }, pair],
      [{ caData: garbage }, /^certificate-authority: not usable: ./],
      [{ certData: garbage, keyData }, /^client-certificate: not usable: ./],
      [{ certData, keyData: garbage }, /^client-key: not usable: ./],
      [{ certData, keyData: base64(other.key) }, /^client-key: not usable: .*key values mismatch/],
      [{ caFile: missing }, /^certificate-authority: cannot read .*missing: ENOENT/],
      [{ certFile: missing, keyData }, /^client-certificate: cannot read .*missing: ENOENT/],
      [{ certData, keyFile: missing }, /^client-key: cannot read .*missing: ENOENT/],
    ];
    for (const [settings, expected] of cases) {
      const error = await check(settings);
      expect(error).toBeInstanceOf(ClusterAccessError);
      const message = String(error).replace(/^ClusterAccessError: config: /, '');
      if (typeof expected === 'string') expect(message).toBe(expected);
      else expect(message).toMatch(expected);
    }
  });
});
