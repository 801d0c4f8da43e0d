import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kubectl } from '../../e2e/kubectl.ts';
import { parseExposition } from './exposition.ts';

/** What a user has had of an API server so far. Watches count when they end. */
export interface ApiServerLoad {
  /** Lists of objects. */
  readonly lists: number;
  /** Token and access reviews. */
  readonly reviews: number;
  /** Everything else. */
  readonly others: number;
  /** Bytes of all lists of pods that anybody has read, by the server's own count. */
  readonly podListBytes: number;
}

/** Records the requests to an API server, with their users. */
export interface ApiServerAudit {
  /** For kube-apiserver. */
  readonly flags: readonly string[];
  readonly logFile: string;
}

/** @param users whose requests are recorded */
export async function prepareAudit(
  directory: string,
  users: readonly string[],
): Promise<ApiServerAudit> {
  const policyFile = join(directory, 'audit-policy.yaml');
  const logFile = join(directory, 'audit.log');
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata', users }, { level: 'None' }],
  };
  // JSON is YAML.
  await writeFile(policyFile, JSON.stringify(policy));
  await writeFile(logFile, '');
  return {
    flags: [`--audit-policy-file=${policyFile}`, `--audit-log-path=${logFile}`],
    logFile,
  };
}

/** @param admin may read the server's metrics */
export async function apiServerLoad(
  admin: Kubectl,
  auditLog: string,
  user: string,
): Promise<ApiServerLoad> {
  const requests = (await auditedRequests(auditLog)).filter((request) => request.user === user);
  const lists = requests.filter(({ verb }) => verb === 'list').length;
  const reviews = requests.filter(({ resource }) => resource.endsWith('reviews')).length;
  const { sum } = parseExposition(await admin.run('get', '--raw=/metrics'));
  return {
    lists,
    reviews,
    others: requests.length - lists - reviews,
    podListBytes: sum('apiserver_response_sizes_sum', { verb: 'LIST', resource: 'pods' }),
  };
}

export interface AuditedRequest {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  /** Empty for paths that are no resource. */
  readonly resource: string;
}

export async function auditedRequests(auditLog: string): Promise<readonly AuditedRequest[]> {
  const text = await readFile(auditLog, 'utf8');
  // The last line may be half written.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const { user, verb, objectRef } = JSON.parse(line);
    return {
      user: String(user?.username),
      verb: String(verb),
      group: String(objectRef?.apiGroup ?? ''),
      resource: String(objectRef?.resource ?? ''),
    };
  });
}
