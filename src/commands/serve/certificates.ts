import type { NamedCertificate, Server } from '../../apiserver/http/server.ts';
import { selfSignedCertificate } from '../../apiserver/serving-certificate/self-signed-certificate.ts';
import {
  CertificateError,
  namesInCertificate,
  readServingCertificate,
  type ServingCertificate,
} from '../../apiserver/serving-certificate/serving-certificate.ts';
import type { ServingOptions } from '../../cli/serve/serve-options.ts';
import type { SniCertificate } from '../../cli/serve/sni-certificate.ts';
import { type FileWatch, watchFile } from '../../files/watch.ts';
import type { Logger } from '../../telemetry/logger.ts';

/**
 * The certificate to begin with: that of the flags, else the self-signed one. Throws
 * CertificateError.
 */
export async function firstCertificate(
  { certificateFile, keyFile, certificateDirectory, bindAddress }: ServingOptions,
  log: Logger,
): Promise<ServingCertificate> {
  if (certificateFile !== undefined && keyFile !== undefined) {
    return readServingCertificate(certificateFile, keyFile);
  }
  const { certificate, notKept } = await selfSignedCertificate(certificateDirectory, bindAddress);
  if (notKept !== undefined) {
    log.warn('the self-signed certificate is not kept: the next start makes another', {
      directory: certificateDirectory,
      error: notKept,
    });
  }
  return certificate;
}

/** The certificates of `--tls-sni-cert-key`. Throws CertificateError. */
export async function namedCertificates({
  sniCertificates,
}: ServingOptions): Promise<readonly NamedCertificate[]> {
  return Promise.all(sniCertificates.map(readNamedCertificate));
}

async function readNamedCertificate(sni: SniCertificate): Promise<NamedCertificate> {
  const certificate = await readServingCertificate(sni.certificateFile, sni.keyFile);
  const names = sni.names.length > 0 ? sni.names : namesInCertificate(certificate);
  return { names, certificate };
}

/** Gives the server new certificates when their files change. Returns what ends the watch. */
export function followCertificates(
  { certificateFile, keyFile, sniCertificates }: ServingOptions,
  server: Server,
  log: Logger,
): () => void {
  const follow = (files: readonly string[], replace: () => Promise<void>): readonly FileWatch[] => {
    const onProblem = (error: Error): void =>
      log.warn('a serving certificate cannot be watched', { files, error });
    const onChange = (): void => void takeNew(files, replace, log);
    return files.map((file) => watchFile(file, onChange, { onProblem }));
  };
  const watches = sniCertificates.flatMap((sni) =>
    follow([sni.certificateFile, sni.keyFile], async () =>
      server.addCertificate(await readNamedCertificate(sni)),
    ),
  );
  if (certificateFile !== undefined && keyFile !== undefined) {
    const replace = async (): Promise<void> =>
      server.replaceCertificate(await readServingCertificate(certificateFile, keyFile));
    watches.push(...follow([certificateFile, keyFile], replace));
  }
  return () => {
    for (const watch of watches) watch.close();
  };
}

async function takeNew(
  files: readonly string[],
  replace: () => Promise<void>,
  log: Logger,
): Promise<void> {
  try {
    await replace();
    log.info('a serving certificate is replaced', { files });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    // Between the writes of a rotation the two files do not belong together.
    log.warn('a new serving certificate is not taken; the last good one stays', { error });
  }
}
