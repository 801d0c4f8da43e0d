import type { Reading } from '../flag.ts';

/** A serving certificate for some of the names that clients may request. */
export interface SniCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Host names, `*.` with a domain, or IP addresses. Empty: those in the certificate. */
  readonly names: readonly string[];
}

/** Reads `certificate,key` or `certificate,key:name,name`. */
export function sniCertificate(text: string): Reading<SniCertificate> {
  const at = text.indexOf(':');
  const files = (at < 0 ? text : text.slice(0, at)).split(',').map((part) => part.trim());
  const names =
    at < 0
      ? []
      : text
          .slice(at + 1)
          .split(',')
          .map((part) => part.trim());
  const [certificateFile = '', keyFile = ''] = files;
  return files.length === 2 && certificateFile !== '' && keyFile !== '' && !names.includes('')
    ? { value: { certificateFile, keyFile, names } }
    : {
        expected: 'two files and optional names: tls.crt,tls.key or tls.crt,tls.key:*.example.com',
      };
}
