import { readFile, writeFile } from 'node:fs/promises';

/**
 * Writes a kubeconfig for the adapter in `--standalone`. The token is there for kubectl alone,
 * which asks for a user name where it has nothing to send; the adapter does not look at it.
 */
export async function writeKubeconfig(
  file: string,
  server: string,
  certificateFile: string,
): Promise<void> {
  const certificate = await readFile(certificateFile);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    clusters: [
      {
        name: 'demo',
        cluster: { server, 'certificate-authority-data': certificate.toString('base64') },
      },
    ],
    users: [{ name: 'demo', user: { token: 'not-looked-at' } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
  };
  await writeFile(file, JSON.stringify(config, undefined, 2));
}
