import { createServer, request as httpsRequest, type Server } from 'node:https';
import { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOnLoopback } from '../../../scripts/parts/listen.ts';
import {
  type MadeCertificate,
  makeCertificate,
  makeClient,
} from '../../../test/fixtures/certificate-maker.ts';
import { askForClientCertificates, peerCertificates } from './peer-certificates.ts';

let server: Server;
let port: number;
/** The names of the certificates that the last client sent, or why they cannot be read. */
let seen: unknown;

beforeAll(async () => {
  const { cert, key } = await makeCertificate({ subject: 'CN=server' });
  server = createServer({ ...askForClientCertificates, cert, key }, (request, response) => {
    try {
      const peer = peerCertificates(request);
      expect(peerCertificates(request)).toBe(peer);
      const shown = peer && [peer.leaf, ...peer.intermediates];
      seen = shown?.map(({ subject }) => subject.commonName);
    } catch (error) {
      seen = error;
      expect(() => peerCertificates(request)).toThrow(error instanceof Error ? error : '');
    }
    response.end();
  });
  port = await listenOnLoopback(server);
});

afterAll(() => {
  server?.close();
});

/** A client below a chain of this number of authorities, each signed by the previous one. */
async function chainOf(authorities: number): Promise<readonly MadeCertificate[]> {
  const chain = [await makeCertificate({ subject: 'CN=root', authority: {} })];
  for (let i = 1; i <= authorities; i += 1) {
    const [issuer] = chain;
    if (issuer === undefined) throw new Error('a chain has a root');
    chain.unshift(await makeCertificate({ subject: `CN=${i}`, issuer, authority: {} }));
  }
  const [last] = chain;
  if (last === undefined) throw new Error('a chain has a root');
  // A client does not send the root.
  return [await makeClient(last, 'CN=client'), ...chain.slice(0, -1)];
}

async function show(chain: readonly MadeCertificate[]): Promise<unknown> {
  const identity =
    chain.length === 0 ? {} : { cert: chain.map(({ cert }) => cert).join(''), key: chain[0]?.key };
  await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, agent: false, rejectUnauthorized: false };
    const sent = httpsRequest({ ...options, ...identity }, (response) => {
      text(response).then(resolve, reject);
    });
    sent.on('error', reject);
    sent.end();
  });
  return seen;
}

describe('peerCertificates', () => {
  it('are those that the client has sent, its own first', async () => {
    expect(await show(await chainOf(2))).toEqual(['client', '2', '1']);
  });

  it('are at most nine', async () => {
    const names = ['client', ...Array.from({ length: 8 }, (_, i) => String(9 - i))];
    expect(await show(await chainOf(8))).toEqual(['client', ...'87654321']);
    expect(await show(await chainOf(9))).toEqual(names);
  });

  it('are none without a client certificate, and without TLS', async () => {
    expect(await show([])).toBeUndefined();
    const request = { socket: new Socket(), headers: {}, headersDistinct: {} };
    expect(peerCertificates(request)).toBeUndefined();
  });

  it('are not read beyond 32 KiB and 1,500 ASN.1 values', async () => {
    const authority = await makeCertificate({ subject: 'CN=ca', authority: {} });
    const organizations = (count: number): string =>
      Array.from({ length: count }, (_, i) => `O=${String(i).padStart(60, 'x')}`).join(',');
    const small = await makeClient(authority, `CN=small,${organizations(300)}`);
    expect(await show([small])).toEqual(['small']);
    const dense = await makeClient(authority, `CN=dense,${organizations(400)}`);
    expect(String(await show([dense]))).toContain('its chain has too many ASN.1 values');
    const large = await makeClient(authority, `CN=large,${organizations(500)}`);
    expect(String(await show([large]))).toMatch(/expected a chain of at most 32768 bytes, got \d+/);
  });
});
