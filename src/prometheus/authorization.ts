import { validateHeaderValue } from 'node:http';
import { join } from 'node:path';
import { PrometheusOptionsError } from './errors.ts';
import { type FreshFile, freshFile } from './fresh-file.ts';
import type { PrometheusOptions } from './options.ts';

export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @returns the value for the header `Authorization` now, if any */
export type Authorization = () => Promise<string | undefined>;

/**
 * Where the credentials come from: the URL before a token, before a token file, before the
 * service account, before a kubeconfig.
 *
 * @param fromUrl what the URL's user name and password make, if it has them
 * @throws PrometheusOptionsError where a token is missing or unfit
 */
export function authorizationOf(
  options: PrometheusOptions,
  fromUrl: string | undefined,
): Authorization {
  const { token, identity } = options;
  if (fromUrl !== undefined) {
    return async () => fromUrl;
  }
  if (token !== undefined) {
    const value = named('token', () => bearer(token));
    return async () => value;
  }
  const tokenFile = openTokenFile(options);
  if (tokenFile !== undefined) {
    return async () => bearer((await tokenFile.content()).toString('utf8'));
  }
  return identity?.authorization ?? (async () => undefined);
}

function openTokenFile(options: PrometheusOptions): FreshFile | undefined {
  if (options.tokenFile !== undefined) {
    return openFile('tokenFile', options.tokenFile, options);
  }
  if (options.inCluster) {
    const directory = options.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY;
    return openFile('inCluster', join(directory, 'token'), options);
  }
  return undefined;
}

function openFile(option: string, path: string, { onWarning }: PrometheusOptions): FreshFile {
  return named(option, () =>
    freshFile(path, {
      accept: (content) => void bearer(content.toString('utf8')),
      onStale: (problem) => onWarning?.(`${option}: ${problem}; the last good token is still used`),
    }),
  );
}

function named<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new PrometheusOptionsError(option, error instanceof Error ? error.message : 'unfit');
  }
}

/** @throws Error that does not hold the token */
function bearer(token: string): string {
  const value = `Bearer ${token.trim()}`;
  if (value === 'Bearer ') {
    throw new Error('expected a token, found nothing');
  }
  try {
    validateHeaderValue('authorization', value);
  } catch {
    throw new Error('expected a token, found characters that no header can hold');
  }
  return value;
}
