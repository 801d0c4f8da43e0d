import type { CertificateBundle } from './certificate-authorities.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { type Verdict, verifyChain } from './verify-chain.ts';

/** For how long a certificate that does not count is not looked at again, in milliseconds. */
const REFUSAL_KEPT = 10_000;

/**
 * A {@link verifyChain} that remembers its verdicts for as long as the connection and the trusted
 * authorities stay the same, and no longer than the certificates are valid.
 *
 * @param now milliseconds since 1970
 */
export function createChainVerifier(
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
  // A clock that is set back may make a certificate not valid yet.
  if (time < at) return false;
  return verdict.valid ? time <= verdict.until : time < at + REFUSAL_KEPT;
}
