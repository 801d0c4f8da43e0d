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

/** The certificate of the flags, otherwise a self-signed one. Throws CertificateError. */
export async function firstCertificate(
  { certificateFile, keyFile, certificateDirectory, bindAddress }: ServingOptions,
  log: Logger,
): Promise<ServingCertificate> {
  if (certificateFile !== undefined && keyFile !== undefined) {
    return readServingCertificate(certificateFile, keyFile);
  }
  const { certificate, notKept } = await selfSignedCertificate(certificateDirectory, bindAddress);
  if (notKept !== undefined) {
    log.warn('cannot store the self-signed certificate, the next start creates another', {
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

/** Replaces the certificates of the server when their files change. Returns a function that stops this. */
export function watchCertificates(
  { certificateFile, keyFile, sniCertificates }: ServingOptions,
  server: Server,
  log: Logger,
): () => void {
  const watch = (files: readonly string[], replace: () => Promise<void>): readonly FileWatch[] => {
    const onProblem = (error: Error): void =>
      log.warn('cannot watch a serving certificate', { files, error });
    const onChange = (): void => void replaceCertificate(files, replace, log);
    return files.map((file) => watchFile(file, onChange, { onProblem }));
  };
  const watches = sniCertificates.flatMap((sni) =>
    watch([sni.certificateFile, sni.keyFile], async () =>
      server.addCertificate(await readNamedCertificate(sni)),
    ),
  );
  if (certificateFile !== undefined && keyFile !== undefined) {
    const replace = async (): Promise<void> =>
      server.replaceCertificate(await readServingCertificate(certificateFile, keyFile));
    watches.push(...watch([certificateFile, keyFile], replace));
  }
  return () => {
    for (const watch of watches) watch.close();
  };
}

async function replaceCertificate(
  files: readonly string[],
  replace: () => Promise<void>,
  log: Logger,
): Promise<void> {
  try {
    await replace();
    log.info('serving certificate replaced', { files });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    // During a rotation, the certificate and the key may not match.
    log.warn('serving certificate rejected, keeping the last valid one', { error });
  }
}
