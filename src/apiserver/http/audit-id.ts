import { randomUUID } from 'node:crypto';

/**
 * The id of a request in the logs of all servers that it passes: the one that it comes with, where
 * that is fit for a log, else a new one.
 *
 * @param header the header Audit-Id
 */
export function auditId(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:/+=-]{1,64}$/.test(header) ? header : randomUUID();
}
