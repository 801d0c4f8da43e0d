import { validateHeaderValue } from 'node:http';
import { join } from 'node:path';
import { type FreshFile, freshFile } from '../../files/fresh-file.ts';
import { namingOption, PrometheusError } from '../errors.ts';
import type { PrometheusIdentity, PrometheusOptions } from './options.ts';
import { redact } from './redaction.ts';

export const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * @param signal of the request that needs the credentials
 * @returns the current value of the header `Authorization`, if any
 * @throws PrometheusError `unauthorized`, without a status, if the credentials are not available
 */
export type Authorization = (signal: AbortSignal) => Promise<string | undefined>;

/**
 * The source of the credentials, in order of precedence: the URL, a token, a token file, the service
 * account, a kubeconfig.
 *
 * @param fromUrl the value for the user name and the password in the URL, if any
 * @throws PrometheusOptionsError if a token is missing or invalid
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

/** The identity may run a program for the credentials, which can fail or hang. */
async function orNoCredentials(
  authorization: NonNullable<PrometheusIdentity['authorization']>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  try {
    return await Promise.race([authorization(), aborted.promise]);
  } catch (error) {
    throw new PrometheusError('unauthorized', 'credentials for Prometheus are not available', {
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
      onStale: (problem) => onWarning?.(`${option}: ${problem}; using the last valid token`),
    }),
  );
}

/** @throws Error that does not contain the token */
function bearer(token: string): string {
  const value = `Bearer ${token.trim()}`;
  if (value === 'Bearer ') {
    throw new Error('expected a token, found an empty text');
  }
  try {
    validateHeaderValue('authorization', value);
  } catch {
    throw new Error('expected a token, found characters that are not allowed in a header');
  }
  return value;
}
