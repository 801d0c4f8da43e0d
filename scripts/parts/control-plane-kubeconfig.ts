import { writeFile } from 'node:fs/promises';
import type { CertificateAndKey } from './control-plane-certificates.ts';

/** The credentials of a client; undefined: it is anonymous. */
export type ClientCredentials =
  | { readonly token: string }
  | { readonly certificate: CertificateAndKey }
  | Record<never, never>;

/**
 * Writes a kubeconfig file that holds all it needs itself.
 *
 * @param server the URL of the API server
 * @param caCertificate in PEM, to verify the certificate of the server
 */
export async function writeKubeconfig(
  file: string,
  server: string,
  caCertificate: string,
  credentials: ClientCredentials,
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'control-plane',
    clusters: [
      {
        name: 'control-plane',
        cluster: { server, 'certificate-authority-data': base64(caCertificate) },
      },
    ],
    users: [{ name: 'user', user: userOf(credentials) }],
    contexts: [{ name: 'control-plane', context: { cluster: 'control-plane', user: 'user' } }],
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}

function userOf(credentials: ClientCredentials): Record<string, string> {
  if ('token' in credentials) {
    return { token: credentials.token };
  }
  if ('certificate' in credentials) {
    const { cert, key } = credentials.certificate;
    return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) };
  }
  return {};
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
