import { readFile } from 'node:fs/promises';
import {
  type CertificateBundle,
  readCertificateBundle,
} from '../../apiserver/authentication/certificate-authorities.ts';
import { watchFile } from '../../files/watch.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Certificate authorities in a file that may change. */
export interface FollowedAuthority {
  /** The last that could be read. */
  current(): CertificateBundle;
  close(): void;
}

/** Reads the file and watches it. Rejects where it cannot be read or holds no certificate. */
export async function followAuthorityFile(file: string, log: Logger): Promise<FollowedAuthority> {
  const content = await readFile(file);
  let bundle = readCertificateBundle(file, content.toString('utf8'));
  const take = (changed: Buffer): void => {
    try {
      bundle = readCertificateBundle(file, changed.toString('utf8'));
      log.info('the certificate authorities for clients are replaced', { file });
    } catch (error) {
      log.warn('the new certificate authorities are not taken; the last good ones stay', { error });
    }
  };
  const watch = watchFile(file, take, {
    known: content,
    onProblem: (error) => log.warn('certificate authorities cannot be watched', { file, error }),
  });
  return { current: () => bundle, close: () => watch.close() };
}
