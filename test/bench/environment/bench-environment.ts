import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The servers that an adapter is measured with, and what it needs to work with them. */
export interface BenchEnvironment {
  /** Of a user with all permissions. */
  readonly kubeconfig: string;
  /** Of the adapter's service account. */
  readonly adapterKubeconfig: string;
  readonly adapterUser: string;
  readonly auditLog: string;
  readonly kubernetes: string;
  readonly prometheusUrl: string;
  readonly prometheusPid: number;
  readonly rulesFile: string;
  /** For files that go with the environment. */
  readonly directory: string;
  /** What the adapter serves with, and the authority of it; for 127.0.0.1 and its Service. */
  readonly serving: { readonly ca: string; readonly cert: string; readonly key: string };
  /** What the API server would show to it, on behalf of an autoscaler. */
  readonly client: {
    readonly cert: string;
    readonly key: string;
    readonly headers: Readonly<Record<string, string>>;
  };
  /** A file with the requests of autoscalers, one path per line. */
  readonly pathsFile: string;
}

/** Writes it for benches that are run against it. @returns the file's path */
export async function writeEnvironment(environment: BenchEnvironment): Promise<string> {
  const file = join(environment.directory, 'environment.json');
  await writeFile(file, `${JSON.stringify(environment, undefined, 2)}\n`);
  return file;
}
