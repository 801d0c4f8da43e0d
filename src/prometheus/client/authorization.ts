import { validateHeaderValue } from 'node:http';
import { join } from 'node:path';
import { type FreshFile, freshFile } from '../../files/fresh-file.ts';
import { namingOption, PrometheusError } from '../errors.ts';
import type { PrometheusIdentity, PrometheusOptions } from './options.ts';
import { redact } from './redaction.ts';

export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * @param signal of the request that the credentials are for: nobody waits for them any longer
 * @returns the value for the header `Authorization` now, if any
 * @throws PrometheusError `unauthorized`, without a status, where there are no credentials to be had
 */
export type Authorization = (signal: AbortSignal) => Promise<string | undefined>;

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
    const value = namingOption('token', () => bearer(token));
    return async () => value;
  }
  const tokenFile = openTokenFile(options);
  if (tokenFile !== undefined) {
    return async () => bearer((await tokenFile.content()).toString('utf8'));
  }
  const fromIdentity = identity?.authorization;
  return fromIdentity === undefined
    ? async () => undefined
    : (signal) => orNoCredentials(fromIdentity, signal);
}

/** Where they come from is not ours: it may run a program, which fails or hangs. */
async function orNoCredentials(
  authorization: NonNullable<PrometheusIdentity['authorization']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const givenUp = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => givenUp.reject(signal.reason), { once: true });
  try {
    return await Promise.race([authorization(), givenUp.promise]);
  } catch (error) {
    throw new PrometheusError('unauthorized', 'there are no credentials for Prometheus', {
      detail: redact(error instanceof Error ? error.message : 'unknown error', []),
    });
  }
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
  return namingOption(option, () =>
    freshFile(path, {
      accept: (content) => void bearer(content.toString('utf8')),
      onStale: (problem) => onWarning?.(`${option}: ${problem}; the last good token is still used`),
    }),
  );
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
