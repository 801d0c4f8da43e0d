import { singleFlight } from '../async/single-flight.ts';
import type { KubernetesClient } from './client/client.ts';
import { fieldOf } from './field.ts';
import { KubernetesError } from './kubernetes-error.ts';

/**
 * The content of the ConfigMap kube-system/extension-apiserver-authentication. A certificate authority is
 * undefined if the API server has none.
 */
export interface ExtensionAuthentication {
  /** Certificates (PEM) that sign client certificates. */
  readonly clientCa: string | undefined;
  readonly requestHeader: {
    /** Certificates (PEM) that sign the certificate of the front proxy. */
    readonly ca: string | undefined;
    readonly allowedNames: readonly string[];
    readonly usernameHeaders: readonly string[];
    readonly uidHeaders: readonly string[];
    readonly groupHeaders: readonly string[];
    readonly extraHeaderPrefixes: readonly string[];
  };
}

const CONFIG_MAP = 'extension-apiserver-authentication';
const PATH = `/api/v1/namespaces/kube-system/configmaps/${CONFIG_MAP}`;

const TIMEOUT_MS = 10_000;

/** Reads the ConfigMap. Throws {@link KubernetesError}. */
export async function readExtensionAuthentication(
  client: KubernetesClient,
): Promise<ExtensionAuthentication> {
  // From the watch cache of the API server, without a read from etcd.
  const query = new URLSearchParams({ resourceVersion: '0' });
  const { body } = await client.getJson(PATH, { query, timeoutMs: TIMEOUT_MS });
  const data = fieldOf(body, 'data');
  return {
    clientCa: text(data, 'client-ca-file'),
    requestHeader: {
      ca: text(data, 'requestheader-client-ca-file'),
      allowedNames: list(data, 'requestheader-allowed-names'),
      usernameHeaders: list(data, 'requestheader-username-headers'),
      uidHeaders: list(data, 'requestheader-uid-headers'),
      groupHeaders: list(data, 'requestheader-group-headers'),
      extraHeaderPrefixes: list(data, 'requestheader-extra-headers-prefix'),
    },
  };
}

function text(data: unknown, key: string): string | undefined {
  const value = fieldOf(data, key) ?? '';
  if (typeof value !== 'string') throw invalidData(key, 'expected text');
  return value.trim() === '' ? undefined : value;
}

/** A list, encoded as JSON text. */
function list(data: unknown, key: string): readonly string[] {
  const value = text(data, key);
  if (value === undefined) return [];
  const names = parse(value) ?? [];
  if (Array.isArray(names) && names.every((name: unknown) => typeof name === 'string'))
    return names;
  throw invalidData(key, 'expected a list of names in JSON');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function invalidData(key: string, expected: string): KubernetesError {
  return new KubernetesError('bad_answer', `GET ${PATH}: data[${key}]: ${expected}`);
}

export interface PollOptions {
  readonly client: KubernetesClient;
  readonly intervalMs: number;
  /** Called when the content has changed. If it throws, the last content is kept. */
  readonly onChange: (content: ExtensionAuthentication) => void;
  readonly log: {
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
  };
}

/** The polled ConfigMap. */
export interface PolledExtensionAuthentication {
  /** Reads it now. Returns the error if that fails; the last content is kept. */
  refresh(): Promise<unknown>;
  close(): void;
}

/** Reads the ConfigMap at an interval. The first read is that of `refresh`. */
export function pollExtensionAuthentication({
  client,
  intervalMs,
  onChange,
  log,
}: PollOptions): PolledExtensionAuthentication {
  let current: string | undefined;
  let reported: string | undefined;

  const read = async (): Promise<unknown> => {
    try {
      const content = await readExtensionAuthentication(client);
      accept(content);
      report(undefined);
      return undefined;
    } catch (error) {
      report(error);
      return error;
    }
  };

  const accept = (content: ExtensionAuthentication): void => {
    const fingerprint = JSON.stringify(content);
    if (fingerprint === current) return;
    onChange(content);
    if (current !== undefined) log.info('client certificate authorities of the cluster changed');
    current = fingerprint;
  };

  /** Logs a repeated failure once. */
  const report = (error: unknown): void => {
    const message = error === undefined ? undefined : String(error);
    if (message === reported) return;
    reported = message;
    if (message === undefined) log.info(`reading ${CONFIG_MAP} succeeds again`);
    else log.warn(`cannot read ${CONFIG_MAP}, keeping the last certificate authorities`, { error });
  };

  const refresh = singleFlight(read);

  const timer = setInterval(() => void refresh(), intervalMs);
  timer.unref();
  return { refresh, close: () => clearInterval(timer) };
}
