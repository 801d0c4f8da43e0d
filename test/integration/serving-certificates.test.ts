import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';
import { createAuthority, createServerCertificate, type KeyPair } from './certificates.ts';

let scratch: string;
let adapter: StandaloneAdapter | undefined;

beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'serving-'));
});

afterEach(async () => {
  await adapter?.stop();
  await rm(scratch, { recursive: true, force: true });
});

const inScratch = (name: string): string => path.join(scratch, name);

async function writePair(name: string, { cert, key }: KeyPair): Promise<void> {
  await writeFile(inScratch(`${name}.crt`), cert);
  await writeFile(inScratch(`${name}.key`), key);
}

async function start(...flags: readonly string[]): Promise<StandaloneAdapter> {
  await writeFile(inScratch('rules.yaml'), 'rules: []\n');
  return startStandaloneAdapter({
    config: inScratch('rules.yaml'),
    prometheusUrl: 'http://127.0.0.1:1',
    certificates: scratch,
    flags,
    until: 'live',
  });
}

/** The PEM of the certificate for a server name. */
function shownTo(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()?.toString() ?? '';
      socket.destroy();
      resolve(shown);
    });
  });
}

const trimmed = (pem: string): string => pem.replaceAll(/\s/g, '');

describe('serving certificates', () => {
  it('are replaced without a restart, always as a pair', async () => {
    const ca = await createAuthority('serving');
    const [first, second] = [await createServerCertificate(ca), await createServerCertificate(ca)];
    await writePair('tls', first);
    adapter = await start(
      `--tls-cert-file=${inScratch('tls.crt')}`,
      `--tls-private-key-file=${inScratch('tls.key')}`,
    );
    const { port } = adapter;
    expect(trimmed(await shownTo(port, 'localhost'))).toBe(trimmed(first.cert));

    await writeFile(inScratch('tls.crt'), second.cert);
    await sleep(500);
    expect(trimmed(await shownTo(port, 'localhost'))).toBe(trimmed(first.cert));
    await writeFile(inScratch('tls.key'), second.key);
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if (trimmed(await shownTo(port, 'localhost')) === trimmed(second.cert)) return;
      await sleep(100);
    }
    throw new Error(`the new certificate was not taken\n${adapter.stdoutTail()}`);
  });

  it('are selected by the server name (SNI)', async () => {
    const ca = await createAuthority('serving');
    const names = ['default', 'named', 'wild'] as const;
    const pairs = new Map<string, KeyPair>();
    for (const name of names) {
      const pair = await createServerCertificate(ca);
      pairs.set(name, pair);
      await writePair(name, pair);
    }
    const sni = (name: string, hosts: string): string =>
      `--tls-sni-cert-key=${inScratch(`${name}.crt`)},${inScratch(`${name}.key`)}:${hosts}`;
    adapter = await start(
      `--tls-cert-file=${inScratch('default.crt')}`,
      `--tls-private-key-file=${inScratch('default.key')}`,
      sni('named', 'a.example'),
      sni('wild', '*.b.example'),
    );
    const expected = { 'c.example': 'default', 'a.example': 'named', 'x.b.example': 'wild' };
    for (const [host, name] of Object.entries(expected)) {
      const shown = await shownTo(adapter.port, host);
      expect(trimmed(shown)).toBe(trimmed(pairs.get(name)?.cert ?? ''));
    }
  });

  it('that do not match fail the start with the names of the files', async () => {
    const ca = await createAuthority('serving');
    await writePair('a', await createServerCertificate(ca));
    await writePair('b', await createServerCertificate(ca));
    await copyFile(inScratch('b.key'), inScratch('a.key'));
    await expect(
      start(
        `--tls-cert-file=${inScratch('a.crt')}`,
        `--tls-private-key-file=${inScratch('a.key')}`,
      ),
    ).rejects.toThrow(/a\.crt and .*a\.key are not a certificate and its private key/);
  });
});
