import { describe, expect, it } from 'vitest';
import type { KubernetesClient } from '../client/client.ts';
import { KubernetesError } from '../kubernetes-error.ts';
import { readDiscovery } from './read-discovery.ts';

const { signal } = new AbortController();
const kind = (name: string) => ({ name, singularName: '', kind: name, namespaced: true });

/** A server without aggregated discovery, with these documents by their paths. */
async function discover(documents: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  let running = 0;
  let mostRunning = 0;
  const unused = (): Promise<never> => Promise.reject(new Error('not expected here'));
  const client: KubernetesClient = {
    async getJson(path, { accept = '', signal: passedOn } = {}) {
      expect(passedOn).toBe(signal);
      asked.push(accept === '' ? path : `${path} ${accept.split(',').length}`);
      running += 1;
      mostRunning = Math.max(mostRunning, running);
      await new Promise(setImmediate);
      running -= 1;
      const body = documents[path];
      if (body instanceof Error) throw body;
      return { body, contentType: 'application/json' };
    },
    postJson: unused,
    watch: unused,
    close: () => undefined,
  };
  const result = await readDiscovery(client, signal).catch((error: unknown) => error);
  return { result, asked, mostRunning };
}

const core = { '/api': { versions: ['v1'] }, '/api/v1': { resources: [kind('pods')] } };
const group = (name: string) => ({ name, versions: [{ version: 'v1' }] });
const pods = {
  ...{ group: '', version: 'v1', resource: 'pods', singular: 'pods' },
  ...{ kind: 'pods', namespaced: true },
};
const coreVersion = { group: '', version: 'v1', stale: false, resources: [pods] };

describe('readDiscovery without aggregated discovery', () => {
  it('reads a document for each version, four at a time, and keeps their order', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { result, asked, mostRunning } = await discover({
      ...core,
      '/apis': { groups: names.map(group) },
      ...Object.fromEntries(names.map((name) => [`/apis/${name}/v1`, { resources: [] }])),
    });
    expect(result).toEqual([
      coreVersion,
      ...names.map((name) => ({ group: name, version: 'v1', stale: false, resources: [] })),
    ]);
    expect(asked).toEqual([
      ...['/api 3', '/apis 3', '/api/v1'],
      ...names.map((name) => `/apis/${name}/v1`),
    ]);
    expect(mostRunning).toBe(5);
  });

  it.each([
    ['that cannot be read', new KubernetesError('server_error', 'no endpoints', { status: 503 })],
    ['that is another document', { kind: 'Status' }],
  ])('marks a group %s', async (_, document) => {
    const { result } = await discover({
      ...core,
      '/apis': { groups: [group('a')] },
      '/apis/a/v1': document,
    });
    const unknown = { group: 'a', version: 'v1', stale: true, resources: undefined };
    expect(result).toEqual([coreVersion, unknown]);
  });

  it.each([
    ['the core group', '/api/v1', new KubernetesError('server_error', 'no')],
    ['the end of the caller', '/apis/a/v1', new KubernetesError('canceled', 'canceled')],
    ['an unexpected error', '/apis/a/v1', new TypeError('not a function')],
    ['the list of groups', '/apis', new KubernetesError('forbidden', 'no')],
  ])('fails with %s', async (_, path, failure) => {
    const documents = { ...core, '/apis': { groups: [group('a')] }, [path]: failure };
    expect((await discover(documents)).result).toBe(failure);
  });

  it.each(['/api', '/apis'])('rejects another document at %s', async (path) => {
    const documents = { ...core, '/apis': { groups: [] }, [path]: { kind: 'Status' } };
    expect((await discover(documents)).result).toMatchObject({
      kind: 'bad_answer',
      message: `GET ${path}: expected a discovery document`,
    });
  });
});
