import { X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type MadeCertificate,
  makeAuthority,
  makeCertificate,
  makeClient,
} from '../../../test/fixtures/certificate-maker.ts';
import { readCertificateBundle } from './certificate-authorities.ts';
import { readCertificate } from './chain-certificate.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { createVerdictCache } from './verdict-cache.ts';

const HOUR = 3_600_000;
// Certificates have a resolution of one second.
const START = Math.floor(Date.now() / 1000) * 1000;

let ca: MadeCertificate;
let clock: number;

beforeEach(async () => {
  ca = await makeAuthority('ca');
  clock = START;
});

const bundleOf = ({ cert }: MadeCertificate) => readCertificateBundle('test', cert);

/** The certificates of a connection: a client's certificate that is valid for half an hour. */
async function shown(issuer = ca, notBefore = new Date(START)): Promise<PeerCertificates> {
  const notAfter = new Date(START + HOUR / 2);
  const { cert } = await makeClient(issuer, 'CN=alice', { notBefore, notAfter });
  return { leaf: readCertificate(new X509Certificate(cert).raw), intermediates: [] };
}

describe('createVerdictCache', () => {
  it('caches the verdict of a connection until the certificate expires', async () => {
    const verify = createVerdictCache(() => clock);
    const [peer, bundle] = [await shown(), bundleOf(ca)];
    const verdict = verify(peer, bundle);
    expect(verdict).toEqual({ valid: true, until: START + HOUR / 2 });
    expect(verify(peer, bundle)).toBe(verdict);
    clock += HOUR / 2;
    expect(verify(peer, bundle)).toBe(verdict);
    clock += 1;
    expect(verify(peer, bundle)).toEqual({ valid: false, why: 'it has expired' });
  });

  it('does not exceed the validity of the signing authority', async () => {
    const verify = createVerdictCache(() => clock);
    const brief = await makeCertificate({
      subject: 'CN=brief',
      authority: {},
      notBefore: new Date(START),
      notAfter: new Date(START + HOUR / 4),
    });
    const [peer, bundle] = [await shown(brief), bundleOf(brief)];
    expect(verify(peer, bundle)).toEqual({ valid: true, until: START + HOUR / 4 });
    clock += HOUR / 4;
    expect(verify(peer, bundle)).toMatchObject({ valid: true });
    clock += 1;
    expect(verify(peer, bundle)).toMatchObject({ valid: false });
  });

  it('does not share it between connections', async () => {
    const verify = createVerdictCache(() => clock);
    const bundle = bundleOf(ca);
    const forger = await makeAuthority('ca');
    expect(verify(await shown(), bundle)).toMatchObject({ valid: true });
    expect(verify(await shown(forger), bundle)).toMatchObject({ valid: false });
    expect(verify(await shown(), bundle)).toMatchObject({ valid: true });
  });

  it('verifies again when the trusted authorities change', async () => {
    const verify = createVerdictCache(() => clock);
    const peer = await shown();
    const before = bundleOf(ca);
    const after = bundleOf(await makeAuthority('ca'));
    expect(verify(peer, before)).toMatchObject({ valid: true });
    expect(verify(peer, after)).toMatchObject({ valid: false });
    expect(verify(peer, before)).toMatchObject({ valid: true });
  });

  it('caches the verdict on an invalid certificate for 10 seconds', async () => {
    const verify = createVerdictCache(() => clock);
    const peer = await shown(ca, new Date(START + 5_000));
    const bundle = bundleOf(ca);
    const verdict = verify(peer, bundle);
    expect(verdict).toEqual({ valid: false, why: 'it is not valid yet' });
    clock += 9_999;
    expect(verify(peer, bundle)).toBe(verdict);
    clock += 1;
    expect(verify(peer, bundle)).toMatchObject({ valid: true });
  });

  it('verifies again when the clock was set back', async () => {
    const verify = createVerdictCache(() => clock);
    const [peer, bundle] = [await shown(), bundleOf(ca)];
    expect(verify(peer, bundle)).toMatchObject({ valid: true });
    clock -= 1;
    expect(verify(peer, bundle)).toEqual({ valid: false, why: 'it is not valid yet' });
  });
});
