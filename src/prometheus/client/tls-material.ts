import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type FreshFile, freshFile } from '../../files/fresh-file.ts';
import { namingOption, PrometheusOptionsError } from '../errors.ts';
import { SERVICE_ACCOUNT_DIRECTORY } from './authorization.ts';
import type { PrometheusOptions } from './options.ts';

/** The options of a TLS client, with the names of `node:tls`. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Returns the same object until a file changes. */
export type TlsMaterialSource = () => Promise<TlsMaterial>;

type FileOption = 'caFile' | 'clientCertFile' | 'clientKeyFile' | 'inCluster';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates and the key. Files are read again when they change; without a file, the identity of the
 * options is used.
 *
 * @throws PrometheusOptionsError if a file is missing or invalid, or the key does not match the certificate
 */
export function openTlsMaterial(options: PrometheusOptions): TlsMaterialSource {
  needPair(options);
  const files = [openCa(options), openClientCert(options), openClientKey(options)];
  const contents = () => files.map((file) => file?.lastContent());
  let used = contents();
  let material = namingOption('clientKeyFile', () => assemble(used, options));

  function takeChanges(): void {
    const found = contents();
    if (found.every((content, index) => content === used[index])) {
      return;
    }
    used = found;
    try {
      material = assemble(found, options);
    } catch (error) {
      // The key of a new certificate may not be written yet: its change causes another attempt.
      options.onWarning?.(
        `TLS files: ${error instanceof Error ? error.message : 'invalid'}; using the last valid files`,
      );
    }
  }

  return async () => {
    await Promise.all(files.map((file) => file?.content()));
    takeChanges();
    return material;
  };
}

function needPair({ clientCertFile, clientKeyFile }: PrometheusOptions): void {
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined)) {
    const missing = clientCertFile === undefined ? 'clientCertFile' : 'clientKeyFile';
    throw new PrometheusOptionsError(missing, 'expected both a client certificate and its key');
  }
}

function openCa(options: PrometheusOptions): FreshFile | undefined {
  if (options.caFile === undefined && options.inCluster) {
    const directory = options.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY;
    return open('inCluster', join(directory, 'ca.crt'), options, needCertificates);
  }
  return open('caFile', options.caFile, options, needCertificates);
}

function openClientCert(options: PrometheusOptions): FreshFile | undefined {
  return open('clientCertFile', options.clientCertFile, options, needCertificates);
}

function openClientKey(options: PrometheusOptions): FreshFile | undefined {
  return open('clientKeyFile', options.clientKeyFile, options, () => {});
}

function open(
  option: FileOption,
  path: string | undefined,
  { onWarning }: PrometheusOptions,
  accept: (content: Buffer) => void,
): FreshFile | undefined {
  if (path === undefined) {
    return undefined;
  }
  const onStale = (problem: string) =>
    onWarning?.(`${option}: ${problem}; using its last valid content`);
  return namingOption(option, () => freshFile(path, { accept, onStale }));
}

/** OpenSSL ignores text that it cannot parse, and would then trust no CA. */
function needCertificates(content: Buffer): void {
  const certificates = content.toString('latin1').match(CERTIFICATES);
  if (certificates === null) {
    throw new Error('expected certificates in PEM form');
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Error(`cannot parse certificate ${index + 1} of the file`);
    }
  }
}

/** @throws Error if no TLS session is possible, e.g. because the key does not match the certificate */
function assemble(
  [caFile, certFile, keyFile]: readonly (Buffer | undefined)[],
  { identity, insecureSkipVerify }: PrometheusOptions,
): TlsMaterial {
  const ca = caFile ?? identity?.ca;
  const cert = certFile ?? identity?.clientCert;
  const key = keyFile ?? identity?.clientKey;
  const material = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  createSecureContext(material);
  // A CA in the options takes precedence.
  const isUnverified = insecureSkipVerify || (!caFile && identity?.insecureSkipVerify);
  return {
    ...material,
    ...(identity?.serverName === undefined ? {} : { servername: identity.serverName }),
    rejectUnauthorized: !isUnverified,
  };
}
