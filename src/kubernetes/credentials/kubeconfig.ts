import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { load, YAMLException } from 'js-yaml';
import { messageOf } from '../kubernetes-error.ts';
import { type ClusterAccess, ClusterAccessError, tokenFileProvider } from './cluster-access.ts';

/**
 * Reads the current context of a kubeconfig file. Other entries are ignored. Relative paths are relative
 * to the directory of the file.
 *
 * @throws {ClusterAccessError} with the file, the field and what was expected
 */
export async function readKubeconfig(file: string): Promise<ClusterAccess> {
  const config = new Section(file, '', parse(file, await readText(file)));
  const context = currentContext(config);
  const cluster = namedEntry(config, 'cluster', context.requiredString('cluster'));
  const userName = context.string('user');
  const user =
    userName === undefined ? new Section(file, '', {}) : namedEntry(config, 'user', userName);

  rejectUnsupported(user);
  return {
    source: file,
    cluster: clusterOf(cluster, file),
    user: userOf(user, userName ?? 'anonymous', file),
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ClusterAccessError(`${file}: cannot read the kubeconfig: ${messageOf(error)}`);
  }
}

function parse(file: string, text: string): Mapping {
  let document: unknown;
  try {
    document = load(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw new ClusterAccessError(`${file}${placeOf(error)}: not YAML: ${error.reason}`);
  }
  if (!isMapping(document)) {
    throw new ClusterAccessError(
      `${file}: expected a kubeconfig (a mapping with clusters, users, contexts and current-context)`,
    );
  }
  return document;
}

function currentContext(config: Section): Section {
  const name = config.string('current-context');
  if (name === undefined) {
    throw config.errorAt(
      'current-context',
      'is not set: expected the name of one of the contexts (kubectl config use-context NAME)',
    );
  }
  return namedEntry(config, 'context', name);
}

/** The entry of `clusters`, `users` or `contexts` with a name. */
function namedEntry(config: Section, kind: 'cluster' | 'user' | 'context', name: string): Section {
  const entries = config.list(`${kind}s`);
  const entry = entries.find((candidate) => candidate.string('name') === name);
  if (entry === undefined) {
    const known = entries.map((candidate) => candidate.string('name')).join(', ');
    throw config.errorAt(
      `${kind}s`,
      `there is no ${kind} named "${name}" (there are: ${known || 'none'})`,
    );
  }
  return entry.section(kind);
}

function clusterOf(cluster: Section, file: string): ClusterAccess['cluster'] {
  return {
    name: 'cluster',
    server: serverUrl(cluster),
    caFile: absolute(file, cluster.string('certificate-authority')),
    caData: cluster.string('certificate-authority-data'),
    skipTLSVerify: cluster.boolean('insecure-skip-tls-verify') ?? false,
    tlsServerName: cluster.string('tls-server-name'),
    proxyUrl: cluster.string('proxy-url'),
  };
}

function serverUrl(cluster: Section): string {
  const text = cluster.requiredString('server');
  const url = URL.parse(text);
  const isHttp = url !== null && ['http:', 'https:'].includes(url.protocol);
  if (!isHttp || url.username !== '' || url.search !== '') {
    throw cluster.errorAt(
      'server',
      'expected the URL of an API server, e.g. https://10.0.0.1:6443',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

function userOf(user: Section, name: string, file: string): ClusterAccess['user'] {
  const tokenFile = absolute(file, user.string('tokenFile'));
  return {
    name,
    certFile: absolute(file, user.string('client-certificate')),
    certData: user.string('client-certificate-data'),
    keyFile: absolute(file, user.string('client-key')),
    keyData: user.string('client-key-data'),
    // The file takes precedence over the token, as in client-go.
    token: tokenFile === undefined ? user.string('token') : undefined,
    username: user.string('username'),
    password: user.string('password'),
    impersonateUser: user.string('as'),
    authProvider:
      tokenFile === undefined
        ? user.optionalSection('auth-provider')?.value
        : tokenFileProvider(tokenFile),
    exec: execOf(user, file),
  };
}

/** The exec plugin, with the environment that kubectl sets and client-node does not. */
function execOf(user: Section, file: string): Mapping | undefined {
  const exec = user.optionalSection('exec');
  if (exec === undefined) return undefined;
  const command = exec.requiredString('command');
  const env = exec.list('env').map((variable) => ({
    name: variable.requiredString('name'),
    value: variable.string('value') ?? '',
  }));
  const execInfo = {
    apiVersion: exec.string('apiVersion') ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false },
  };
  return {
    ...exec.value,
    // A name without a slash is looked up in PATH.
    command: command.includes('/') ? absolute(file, command) : command,
    env: [{ name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(execInfo) }, ...env],
  };
}

/** Rejects fields that client-node ignores: requests would be sent as another user. */
function rejectUnsupported(user: Section): void {
  for (const field of ['as-groups', 'as-uid', 'as-user-extra']) {
    if (user.value[field] !== undefined) throw user.errorAt(field, 'is not supported');
  }
}

function absolute(file: string, target: string | undefined): string | undefined {
  return target === undefined ? undefined : path.resolve(path.dirname(file), target);
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A mapping of the file. An empty string means that a field is not set. */
class Section {
  readonly value: Mapping;
  readonly #file: string;
  readonly #fieldPath: string;

  constructor(file: string, field: string, value: Mapping) {
    this.#file = file;
    this.#fieldPath = field;
    this.value = value;
  }

  errorAt(field: string, message: string): ClusterAccessError {
    return new ClusterAccessError(`${this.#file}: ${this.#pathOf(field)}: ${message}`);
  }

  string(field: string): string | undefined {
    const value = this.value[field] ?? '';
    if (typeof value !== 'string') throw this.errorAt(field, 'expected a string');
    return value === '' ? undefined : value;
  }

  requiredString(field: string): string {
    const value = this.string(field);
    if (value === undefined) throw this.errorAt(field, 'is missing');
    return value;
  }

  boolean(field: string): boolean | undefined {
    const value = this.value[field] ?? undefined;
    if (value !== undefined && typeof value !== 'boolean') {
      throw this.errorAt(field, 'expected true or false');
    }
    return value;
  }

  optionalSection(field: string): Section | undefined {
    const value = this.value[field] ?? undefined;
    if (value === undefined) return undefined;
    if (!isMapping(value)) throw this.errorAt(field, 'expected a mapping');
    return new Section(this.#file, this.#pathOf(field), value);
  }

  section(field: string): Section {
    return this.optionalSection(field) ?? new Section(this.#file, this.#pathOf(field), {});
  }

  list(field: string): readonly Section[] {
    const value = this.value[field] ?? [];
    if (!Array.isArray(value)) throw this.errorAt(field, 'expected a list');
    return value.map((entry: unknown, index) => {
      const name = `${field}[${index}]`;
      if (!isMapping(entry)) throw this.errorAt(name, 'expected a mapping');
      return new Section(this.#file, this.#pathOf(name), entry);
    });
  }

  #pathOf(field: string): string {
    return this.#fieldPath === '' ? field : `${this.#fieldPath}.${field}`;
  }
}

function placeOf({ mark }: YAMLException): string {
  return mark === undefined ? '' : `:${mark.line + 1}:${mark.column + 1}`;
}
