import type { KubernetesClient } from './client/client.ts';
import { fieldOf } from './field.ts';
import { KubernetesError } from './kubernetes-error.ts';

/**
 * What ConfigMap kube-system/extension-apiserver-authentication tells extension API servers. An
 * undefined certificate authority: the API server has none for this.
 */
export interface ExtensionAuthentication {
  /** Certificates in PEM that sign the certificates of clients. */
  readonly clientCa: string | undefined;
  readonly requestHeader: {
    /** Certificates in PEM that sign the certificate of the front proxy. */
    readonly ca: string | undefined;
    readonly allowedNames: readonly string[];
    readonly usernameHeaders: readonly string[];
    readonly uidHeaders: readonly string[];
    readonly groupHeaders: readonly string[];
    readonly extraHeaderPrefixes: readonly string[];
  };
}

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

/** For one small object, in milliseconds; a start waits for it. */
const TIMEOUT_MS = 10_000;

/** The ConfigMap as it is now. Throws {@link KubernetesError}. */
export async function readExtensionAuthentication(
  client: KubernetesClient,
): Promise<ExtensionAuthentication> {
  // As fresh as the API server's own cache, which costs etcd nothing.
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
  if (typeof value !== 'string') throw faultOf(key, 'expected text');
  return value.trim() === '' ? undefined : value;
}

/** A list in JSON, inside the text. */
function list(data: unknown, key: string): readonly string[] {
  const value = text(data, key);
  if (value === undefined) return [];
  const names = parse(value) ?? [];
  if (Array.isArray(names) && names.every((name: unknown) => typeof name === 'string'))
    return names;
  throw faultOf(key, 'expected a list of names in JSON');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function faultOf(key: string, expected: string): KubernetesError {
  return new KubernetesError('bad_answer', `GET ${PATH}: data[${key}]: ${expected}`);
}

export interface FollowOptions {
  readonly client: KubernetesClient;
  readonly intervalMs: number;
  /** Called with what is new; where it throws, what was there before stays. */
  readonly onChange: (content: ExtensionAuthentication) => void;
  readonly log: {
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
  };
}

/** The ConfigMap, followed. */
export interface FollowedExtensionAuthentication {
  /** Reads it now. Why that failed is returned, and what was there before stays. */
  refresh(): Promise<unknown>;
  close(): void;
}

/** Reads the ConfigMap again and again, the first time when told to. Does not keep the process running. */
export function followExtensionAuthentication({
  client,
  intervalMs,
  onChange,
  log,
}: FollowOptions): FollowedExtensionAuthentication {
  let taken: string | undefined;
  let reported: string | undefined;
  let running: Promise<unknown> | undefined;

  const read = async (): Promise<unknown> => {
    try {
      const content = await readExtensionAuthentication(client);
      take(content);
      report(undefined);
      return undefined;
    } catch (error) {
      report(error);
      return error;
    }
  };

  const take = (content: ExtensionAuthentication): void => {
    const fingerprint = JSON.stringify(content);
    if (fingerprint === taken) return;
    onChange(content);
    if (taken !== undefined) log.info('the cluster has new certificate authorities for clients');
    taken = fingerprint;
  };

  /** The same failure every few seconds is told once. */
  const report = (error: unknown): void => {
    const words = error === undefined ? undefined : String(error);
    if (words === reported) return;
    reported = words;
    if (words === undefined) log.info('how to authenticate can be read from the cluster again');
    else
      log.warn(
        'how to authenticate cannot be read from the cluster; the last good authorities stay',
        { error },
      );
  };

  const refresh = (): Promise<unknown> => {
    running ??= read().finally(() => {
      running = undefined;
    });
    return running;
  };

  const timer = setInterval(() => void refresh(), intervalMs);
  timer.unref();
  return { refresh, close: () => clearInterval(timer) };
}
