import { generate } from 'selfsigned';
import { createAuthority, type KeyPair } from '../integration/certificates.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';
import type { RecordedRequest } from './recorded-cases.ts';

/** The users of the recordings, by the client certificates that they come with. */
export interface GoldenUsers {
  /** Undefined: without a certificate. */
  certificateOf(request: RecordedRequest): KeyPair | undefined;
  /** Configures the trusted certificate authorities of an extension API server. */
  readonly authenticationConfigMap: KubernetesObject;
}

/** Creates a CA, and the certificates of a user with all permissions and of alice. */
export async function makeUsers(): Promise<GoldenUsers> {
  const ca = await createAuthority('golden clients');
  const certificate = async (commonName: string, organizations: readonly string[]) => {
    const subject = [
      ...organizations.map((value) => ({ name: 'organizationName', value })),
      { name: 'commonName', value: commonName },
    ];
    const made = await generate(subject, {
      keyType: 'ec',
      algorithm: 'sha256',
      ca,
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
    });
    return { cert: made.cert, key: made.private };
  };
  const admin = await certificate('admin', ['system:masters']);
  const alice = await certificate('alice', []);

  return {
    certificateOf: ({ user }) =>
      user === undefined ? admin : { alice, anonymous: undefined }[user],
    authenticationConfigMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
      data: { 'client-ca-file': ca.cert },
    },
  };
}
