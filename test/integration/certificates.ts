import { generate } from 'selfsigned';

/** A certificate and its private key, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of its own. */
export async function createAuthority(name: string): Promise<KeyPair> {
  return issue(name, {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
}

/** A certificate for a TLS server on 127.0.0.1. */
export async function createServerCertificate(ca: KeyPair): Promise<KeyPair> {
  return issue('server', {
    ca,
    extensions: [
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
}

/** A certificate for a TLS client. */
export async function createClientCertificate(ca: KeyPair, name: string): Promise<KeyPair> {
  return issue(name, { ca, extensions: [{ name: 'extKeyUsage', clientAuth: true }] });
}

async function issue(
  commonName: string,
  options: Parameters<typeof generate>[1],
): Promise<KeyPair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...options,
  });
  return { cert, key };
}
