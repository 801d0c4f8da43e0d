import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServiceAccount } from './service-account.ts';

describe('readServiceAccount', () => {
  let directory: string;
  const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'service-account-'));
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  const fill = async () => {
    await writeFile(path.join(directory, 'token'), 'secret');
    await writeFile(path.join(directory, 'ca.crt'), 'certificate');
  };

  it('finds the API server and the files of the pod', async () => {
    await fill();
    const { cluster, user } = await readServiceAccount(environment, directory);
    expect(cluster).toMatchObject({
      server: 'https://10.0.0.1:443',
      caFile: path.join(directory, 'ca.crt'),
      skipTLSVerify: false,
    });
    expect(user.authProvider).toMatchObject({
      config: { tokenFile: path.join(directory, 'token') },
    });
  });

  it('puts brackets around an IPv6 address', async () => {
    await fill();
    const access = await readServiceAccount(
      { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' },
      directory,
    );
    expect(access.cluster.server).toBe('https://[fd00::1]:443');
  });

  it.each(['HOST', 'PORT'])('is not in a pod if KUBERNETES_SERVICE_%s is empty', async (part) => {
    await fill();
    const partial = { ...environment, [`KUBERNETES_SERVICE_${part}`]: '' };
    await expect(readServiceAccount(partial, directory)).rejects.toThrow('not in a cluster');
  });

  it('explains what to do outside of a cluster', async () => {
    const reading = readServiceAccount({}, directory);
    await expect(reading).rejects.toThrow(
      /^no --lister-kubeconfig and not in a cluster: KUBERNETES_SERVICE_HOST/,
    );
    await expect(reading).rejects.toThrow('--standalone');
  });

  it('names the file that a pod without a service account lacks', async () => {
    await expect(readServiceAccount(environment, directory)).rejects.toThrow(
      `${path.join(directory, 'token')} cannot be read`,
    );
  });
});
