import { readFile } from 'node:fs/promises';
import {
  type CertificateBundle,
  readCertificateBundle,
  unacceptedKeys,
} from '../../apiserver/authentication/certificate-authorities.ts';
import { watchFile } from '../../files/watch.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Certificate authorities in a file that is watched. */
export interface AuthorityFile {
  /** The last valid content. */
  current(): CertificateBundle;
  close(): void;
}

/** Reads and watches the file. Rejects if it cannot be read or has no certificate. */
export async function watchAuthorityFile(file: string, log: Logger): Promise<AuthorityFile> {
  const content = await readFile(file);
  let bundle = readCertificateBundle(file, content.toString('utf8'));
  warnAboutKeys(file, bundle, log);
  const accept = (changed: Buffer): void => {
    try {
      bundle = readCertificateBundle(file, changed.toString('utf8'));
      log.info('client certificate authorities replaced', { file });
      warnAboutKeys(file, bundle, log);
    } catch (error) {
      log.warn('client certificate authorities rejected, keeping the last valid ones', { error });
    }
  };
  const watch = watchFile(file, accept, {
    known: content,
    onProblem: (error) => log.warn('cannot watch client certificate authorities', { file, error }),
  });
  return { current: () => bundle, close: () => watch.close() };
}

/** @param source a file, or a key of the ConfigMap of the cluster */
export function warnAboutKeys(source: string, bundle: CertificateBundle, log: Logger): void {
  const authorities = unacceptedKeys(bundle);
  if (authorities.length === 0) return;
  log.warn(
    'keys of certificate authorities not accepted, rejecting certificates signed with them',
    {
      source,
      authorities,
    },
  );
}
