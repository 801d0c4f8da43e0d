import type { CertificateBundle } from './certificate-authorities.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { type Verdict, verifyChain } from './verify-chain.ts';

/** For how long the verdict on an invalid certificate is cached, in milliseconds. */
const REFUSAL_TTL_MS = 10_000;

/**
 * A {@link verifyChain} that caches its verdicts as long as the connection and the trusted authorities
 * stay the same and the certificates are valid.
 *
 * @param now milliseconds since 1970
 */
export function createVerdictCache(
  now: () => number,
): (peer: PeerCertificates, bundle: CertificateBundle) => Verdict {
  const verdicts = new WeakMap<
    CertificateBundle,
    WeakMap<PeerCertificates, { readonly verdict: Verdict; readonly at: number }>
  >();

  return (peer, bundle) => {
    const known = verdicts.get(bundle) ?? new WeakMap();
    verdicts.set(bundle, known);
    const time = now();
    const before = known.get(peer);
    if (before !== undefined && isFresh(before.verdict, before.at, time)) return before.verdict;
    const verdict = verifyChain(peer, bundle, time);
    known.set(peer, { verdict, at: time });
    return verdict;
  };
}

function isFresh(verdict: Verdict, at: number, time: number): boolean {
  // After the clock was set back, a certificate may not be valid yet.
  if (time < at) return false;
  return verdict.valid ? time <= verdict.until : time < at + REFUSAL_TTL_MS;
}
