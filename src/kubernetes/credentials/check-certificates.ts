import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../kubernetes-error.ts';
import { type ClusterAccess, ClusterAccessError } from './cluster-access.ts';

/**
 * Loads the CA, the client certificate and its key as a connection does, so that missing files and
 * mismatched keys are reported at the start.
 *
 * @throws {ClusterAccessError} with the kubeconfig, the file or field, and the reason
 */
export async function checkCertificates(access: ClusterAccess): Promise<void> {
  const { cluster, user, source } = access;
  const ca = await pem(source, 'certificate-authority', cluster.caFile, cluster.caData);
  const cert = await pem(source, 'client-certificate', user.certFile, user.certData);
  const key = await pem(source, 'client-key', user.keyFile, user.keyData);

  check(`${source}: certificate-authority`, () => ca && new X509Certificate(ca));
  check(`${source}: client-certificate`, () => createSecureContext({ cert }));
  if ((cert === undefined) !== (key === undefined)) {
    throw new ClusterAccessError(
      `${source}: client-certificate and client-key: expected both or neither`,
    );
  }
  check(`${source}: client-key`, () => createSecureContext({ cert, key }));
}

async function pem(
  source: string,
  field: string,
  file: string | undefined,
  data: string | undefined,
): Promise<Buffer | undefined> {
  if (file === undefined) return data === undefined ? undefined : Buffer.from(data, 'base64');
  try {
    return await readFile(file);
  } catch (error) {
    throw new ClusterAccessError(`${source}: ${field}: cannot read ${file}: ${messageOf(error)}`);
  }
}

function check(place: string, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    throw new ClusterAccessError(`${place}: not usable: ${messageOf(error)}`);
  }
}
