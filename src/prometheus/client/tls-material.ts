import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { type FreshFile, freshFile } from '../../files/fresh-file.ts';
import { namingOption, PrometheusOptionsError } from '../errors.ts';
import { SERVICE_ACCOUNT_DIRECTORY } from './authorization.ts';
import type { PrometheusOptions } from './options.ts';

/** What a TLS client needs, as `node:tls` names it. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Gives the same object again as long as nothing has changed. */
export type TlsMaterialSource = () => Promise<TlsMaterial>;

type FileOption = 'caFile' | 'clientCertFile' | 'clientKeyFile' | 'inCluster';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Certificates and key from their files, read again when these change; where a file is not given,
 * from the identity in the options.
 *
 * @throws PrometheusOptionsError where a file is missing or unfit, or the key is not the certificate's
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
      // A new certificate whose key has not been written yet: the key's own change comes here again.
      options.onWarning?.(
        `TLS files: ${error instanceof Error ? error.message : 'unfit'}; the last good ones are still used`,
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
    throw new PrometheusOptionsError(missing, 'a client certificate and its key go together');
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
    onWarning?.(`${option}: ${problem}; its last good content is still used`);
  return namingOption(option, () => freshFile(path, { accept, onStale }));
}

/** OpenSSL passes over what it does not understand, and would then trust nobody. */
function needCertificates(content: Buffer): void {
  const certificates = content.toString('latin1').match(CERTIFICATES);
  if (certificates === null) {
    throw new Error('expected certificates in PEM form');
  }
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new Error(`certificate ${index + 1} in it cannot be read`);
    }
  }
}

/** @throws Error where no TLS session could come of it, e.g. as the key is not the certificate's */
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
  // Who names an authority wants it asked.
  const takesAny = insecureSkipVerify || (!caFile && identity?.insecureSkipVerify);
  return {
    ...material,
    ...(identity?.serverName === undefined ? {} : { servername: identity.serverName }),
    rejectUnauthorized: !takesAny,
  };
}
