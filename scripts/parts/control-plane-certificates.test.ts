import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ControlPlaneCertificates,
  createAuthority,
  issueClientCertificate,
  issueServerCertificate,
  makeControlPlaneCertificates,
} from './control-plane-certificates.ts';

describe('the certificates of a control plane', () => {
  let directory: string;
  let certificates: ControlPlaneCertificates;
  const read = (name: 'ca' | 'server' | 'admin' | 'frontProxyCa' | 'frontProxy') =>
    new X509Certificate(certificates[name].cert);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'certificates-'));
    certificates = await makeControlPlaneCertificates(directory, 'front-proxy-client');
  });

  afterAll(() => rm(directory, { recursive: true }));

  test('are signed by the authority that they belong to, and by no other', () => {
    expect(read('server').checkIssued(read('ca'))).toBe(true);
    expect(read('admin').checkIssued(read('ca'))).toBe(true);
    expect(read('frontProxy').checkIssued(read('frontProxyCa'))).toBe(true);
    expect(read('frontProxy').verify(read('ca').publicKey)).toBe(false);
    expect(read('frontProxy').verify(read('frontProxyCa').publicKey)).toBe(true);
  });

  test('have the names of their owners', () => {
    expect(read('admin').subject).toBe('O=system:masters\nCN=admin');
    expect(read('frontProxy').subject).toBe('CN=front-proxy-client');
    expect(read('server').checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
    expect(read('server').checkIP('127.0.0.1')).toBe('127.0.0.1');
  });
});

test('a server certificate is valid for localhost and the given names', async () => {
  const issued = await issueServerCertificate(await createAuthority('ca'), ['a.b.svc']);
  const certificate = new X509Certificate(issued.cert);
  expect(['localhost', 'a.b.svc', 'c.b.svc'].map((name) => certificate.checkHost(name))).toEqual([
    'localhost',
    'a.b.svc',
    undefined,
  ]);
});

test('a client certificate can be one that has expired', async () => {
  const issued = await issueClientCertificate(await createAuthority('ca'), {
    name: 'alice',
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2020-02-01T00:00:00Z'),
  });
  expect(new X509Certificate(issued.cert).validToDate).toEqual(new Date('2020-02-01T00:00:00Z'));
});
