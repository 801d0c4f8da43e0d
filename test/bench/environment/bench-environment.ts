import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The servers that an adapter is measured with, and its configuration for them. */
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
  /** The serving certificate of the adapter, and its authority; for 127.0.0.1 and its Service. */
  readonly serving: { readonly ca: string; readonly cert: string; readonly key: string };
  /** The client certificate and the headers of the API server, for requests of an autoscaler. */
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
