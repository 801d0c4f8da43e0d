import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The servers that an adapter is measured with, and what it needs to work with them. */
export interface BenchEnvironment {
  /** Who may do everything in the cluster. */
  readonly kubeconfig: string;
  /** Whom the adapter is for the API server. */
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
  /** A file with what autoscalers would ask for, one path a line. */
  readonly pathsFile: string;
}

/** Writes it for benches that are run against it. @returns the file's path */
export async function writeEnvironment(environment: BenchEnvironment): Promise<string> {
  const file = join(environment.directory, 'environment.json');
  await writeFile(file, `${JSON.stringify(environment, undefined, 2)}\n`);
  return file;
}
