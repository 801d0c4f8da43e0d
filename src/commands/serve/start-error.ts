import { CertificateError } from '../../apiserver/serving-certificate/serving-certificate.ts';
import { ClusterAccessError } from '../../kubernetes/credentials/cluster-access.ts';
import { PrometheusOptionsError } from '../../prometheus/errors.ts';
import { AccessSetupError } from './authentication.ts';
import { nameFlag } from './prometheus.ts';

/** Whether an error at the start is one of the configuration, which the operator can correct. */
export function isStartError(error: unknown): error is Error {
  return (
    error instanceof PrometheusOptionsError ||
    error instanceof ClusterAccessError ||
    error instanceof AccessSetupError ||
    error instanceof CertificateError ||
    (error instanceof Error && isListenError(error))
  );
}

/** The message with the flags to correct. */
export function describeStartError(error: Error): string {
  if (error instanceof PrometheusOptionsError) return nameFlag(error.message);
  const advice = isListenError(error) ? '; see --bind-address and --secure-port' : '';
  return `${error.message}${advice}`;
}

function isListenError(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'listen';
}
