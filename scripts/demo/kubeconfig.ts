import { readFile, writeFile } from 'node:fs/promises';

/**
 * Writes a kubeconfig for the adapter in `--standalone`. Without a token kubectl prompts for a user
 * name; the adapter ignores the token.
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
    users: [{ name: 'demo', user: { token: 'ignored' } }],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
  };
  await writeFile(file, JSON.stringify(config, undefined, 2));
}
