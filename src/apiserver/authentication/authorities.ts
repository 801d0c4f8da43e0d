import type { CertificateBundle } from './certificate-bundle.ts';
import type { RemoteHeaderNames } from './remote-user.ts';

/** Whose certificates say who asks. */
export interface CertificateAuthorities {
  /** Undefined: client certificates say nothing. */
  readonly clientCa: CertificateBundle | undefined;
  /** Undefined: nobody may speak for others. */
  readonly frontProxy: FrontProxy | undefined;
}

/** A proxy, as a rule the API server, that says in headers for whom it asks. */
export interface FrontProxy {
  readonly ca: CertificateBundle;
  /** Common names that its certificate may have; empty: any. */
  readonly allowedNames: readonly string[];
  readonly headers: RemoteHeaderNames;
}
