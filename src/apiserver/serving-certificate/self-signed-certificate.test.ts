import { X509Certificate } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selfSignedCertificate } from './self-signed-certificate.ts';

let scratch: string;
let directory: string;
let keyFile: string;
let certFile: string;

beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'cert-dir-'));
  directory = path.join(scratch, 'certificates');
  keyFile = path.join(directory, 'apiserver.key');
  certFile = path.join(directory, 'apiserver.crt');
});

afterEach(() => rm(scratch, { recursive: true, force: true }));

const modeOf = async (file: string): Promise<number> => (await lstat(file)).mode & 0o777;

/** Creates the pair and expects that it is stored, with a key that only the owner can read. */
async function expectKept(): Promise<void> {
  const { certificate, notKept } = await selfSignedCertificate(directory, '127.0.0.1');
  expect(notKept).toBeUndefined();
  expect((await readdir(directory)).toSorted()).toEqual(['apiserver.crt', 'apiserver.key']);
  expect((await lstat(keyFile)).isFile()).toBe(true);
  expect((await lstat(certFile)).isFile()).toBe(true);
  expect(await modeOf(keyFile)).toBe(0o600);
  expect(await readFile(keyFile, 'utf8')).toBe(certificate.key);
  expect(await readFile(certFile, 'utf8')).toBe(certificate.cert);
  createSecureContext(certificate);
}

describe('selfSignedCertificate', () => {
  it('stores the certificate and reuses it', async () => {
    await expectKept();
    const key = await readFile(keyFile, 'utf8');
    const again = await selfSignedCertificate(directory, '127.0.0.1');
    expect(again.certificate.key).toBe(key);
  });

  it('does not keep the mode of an existing key file', async () => {
    await mkdir(directory);
    await writeFile(keyFile, 'no key', { mode: 0o666 });
    await chmod(keyFile, 0o666);
    await expectKept();
  });

  it.each(['a file', 'nothing'])('does not write through a symbolic link to %s', async (what) => {
    const target = path.join(scratch, 'target');
    if (what === 'a file') await writeFile(target, 'precious', { mode: 0o644 });
    await mkdir(directory);
    await symlink(target, keyFile);
    await symlink(target, certFile);
    await expectKept();
    if (what === 'a file') expect(await readFile(target, 'utf8')).toBe('precious');
    else await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  it('protects the key in a directory that others can write to', async () => {
    await mkdir(directory);
    await chmod(directory, 0o777);
    await expectKept();
  });

  it('reports why it cannot be stored, and leaves no files', async () => {
    // A directory with the name of the key: the written file cannot be renamed to it.
    await mkdir(path.join(keyFile, 'in-the-way'), { recursive: true });
    const { certificate, notKept } = await selfSignedCertificate(directory, '127.0.0.1');
    expect(String(notKept)).toMatch(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(directory)).toEqual(['apiserver.key']);
    createSecureContext(certificate);
  });

  it('needs no directory', async () => {
    const { notKept } = await selfSignedCertificate(undefined, '127.0.0.1');
    expect(notKept).toBeUndefined();
    expect(await readdir(scratch)).toEqual([]);
  });

  it.each([
    ['127.0.0.1', []],
    ['0.0.0.0', []],
    ['::', []],
    ['', []],
    ['::1', []],
    ['10.0.0.1', ['10.0.0.1']],
    ['fd00::1', ['fd00::1']],
    ['::ffff:192.0.2.1', ['::ffff:192.0.2.1']],
    ['fe80::1%eth0', ['fe80::1']],
  ])('names localhost and the address %j', async (host, additional) => {
    const { certificate } = await selfSignedCertificate(undefined, host);
    const x509 = new X509Certificate(certificate.cert);
    expect(x509.subjectAltName?.split(', ')).toHaveLength(3 + additional.length);
    expect(x509.checkHost('localhost')).toBe('localhost');
    for (const ip of ['127.0.0.1', '::1', ...additional]) expect(x509.checkIP(ip)).toBe(ip);
  });

  it('is signed with its own key, and valid for a year from now', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const { certificate } = await selfSignedCertificate(undefined, '127.0.0.1');
    const x509 = new X509Certificate(certificate.cert);
    expect(x509.subject).toBe('CN=prom-metrics-adapter');
    expect(x509.issuer).toBe(x509.subject);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    expect(x509.validFromDate.getTime()).toBeGreaterThanOrEqual(before);
    expect(x509.validFromDate.getTime()).toBeLessThanOrEqual(Date.now());
    const days = (x509.validToDate.getTime() - x509.validFromDate.getTime()) / 86_400_000;
    expect([365, 366]).toContain(days);
  });

  it('has a positive, unique serial number', async () => {
    const serials = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { certificate } = await selfSignedCertificate(undefined, '127.0.0.1');
        return new X509Certificate(certificate.cert).serialNumber;
      }),
    );
    expect(new Set(serials).size).toBe(4);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});
