import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ClusterResources,
  type KnownResources,
  watchClusterResources,
} from '../../src/kubernetes/discovery/cluster-resources.ts';
import { startKubernetesApi } from '../golden/kubernetes-api.ts';
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupListDocument,
  parseGroups,
  resourceListDocument,
  type ServedGroup,
} from '../golden/kubernetes-discovery.ts';
import { readData } from '../golden/recorded-cases.ts';
import { kubernetesConnections } from './kubernetes-connections.ts';
import { type Handler, sendJson, sendStatus } from './kubernetes-server.ts';

const groups = parseGroups(readData('kube-discovery.json'));
const core = groups.filter(({ name }) => name === '');
const named = groups.filter(({ name }) => name !== '');

const connections = kubernetesConnections();
const { serve: start, connect } = connections;

interface Watched {
  readonly resources: ClusterResources;
  readonly changes: KnownResources[];
  readonly logged: string[];
}

/** Sends one request; more only when the test triggers them, or at an interval. */
async function watch(
  server: string,
  intervalMs = 3_600_000,
  retryMs = intervalMs,
): Promise<Watched> {
  const changes: KnownResources[] = [];
  const logged: string[] = [];
  const resources = watchClusterResources({
    client: await connect(server),
    intervalMs,
    retryMs,
    onChange: (known) => changes.push(known),
    log: {
      info: (message, details) => logged.push(`info ${message} ${JSON.stringify(details ?? {})}`),
      warn: (message, details) => logged.push(`warn ${message} ${JSON.stringify(details ?? {})}`),
    },
  });
  connections.closeAfterwards(resources);
  await resources.refresh();
  return { resources, changes, logged };
}

/** The documents of a server that supports aggregated discovery. */
function aggregated(
  served: readonly ServedGroup[] = named,
  version: 'v2' | 'v2beta1' = 'v2',
): Handler {
  return ({ url }, response) => {
    if (url.pathname === '/api') sendJson(response, 200, aggregatedDocument(core, version));
    else if (url.pathname === '/apis') sendJson(response, 200, aggregatedDocument(served, version));
    else sendStatus(response, 404, 'not here');
  };
}

/** The documents of a server before 1.26; `broken` groups answer 503. */
function oneByOne(broken: readonly string[] = []): Handler {
  return ({ url }, response) => {
    const [, root, ...rest] = url.pathname.split('/');
    const [group = '', version] = root === 'api' ? ['', ...rest] : rest;
    const found = groups.find(({ name }) => name === group);
    if (url.pathname === '/apis') sendJson(response, 200, groupListDocument(named));
    else if (found === undefined) sendStatus(response, 404, 'not here');
    else if (version === undefined) sendJson(response, 200, apiVersionsDocument(found, 'host'));
    else if (broken.includes(group)) sendStatus(response, 503, 'service unavailable');
    else sendJson(response, 200, resourceListDocument(found, version));
  };
}

/** As {@link aggregated}, where the servers of some groups are down. */
function withStale(stale: readonly string[]): Handler {
  return ({ url }, response) => {
    if (url.pathname === '/api') return sendJson(response, 200, aggregatedDocument(core, 'v2'));
    const items = named.map(({ name, versions, resources }) => ({
      metadata: { name },
      versions: versions.map((version) => ({
        version,
        ...(stale.includes(name)
          ? { freshness: 'Stale' }
          : {
              freshness: 'Current',
              resources: (resources[version] ?? []).map((each) => ({
                resource: each.name,
                singularResource: each.singularName,
                responseKind: { group: name, version, kind: each.kind },
                scope: each.namespaced ? 'Namespaced' : 'Cluster',
              })),
            }),
      })),
    }));
    sendJson(response, 200, { kind: 'APIGroupDiscoveryList', items });
  };
}

/** Requests to the API server run in the background. */
const eventually = (value: () => unknown) => expect.poll(value, { timeout: 20_000 });

const brand = { group: 'cheese.io', resource: 'brands' };
const find = (watched: Watched, group: string, name: string) =>
  watched.resources.current().mapper.find(group, name);

describe('watchClusterResources', () => {
  it('reads the resources of a cluster in two requests', async () => {
    const api = await startKubernetesApi({
      groups,
      objects: [],
      kubeconfig: path.join(connections.directory(), 'golden'),
    });
    connections.closeAfterwards(api);
    const watched = await watch(api.url);
    expect(find(watched, 'cheese', 'brand')).toMatchObject(brand);
    expect(find(watched, '', 'pods')?.version).toBe('v1');
    expect(watched.resources.current()).toMatchObject({ failedGroups: [], failure: undefined });
    expect(watched.resources.current().at).toBeGreaterThan(0);
    expect(Object.fromEntries(api.requestCounts())).toEqual({ '/api': 1, '/apis': 1 });
  });

  it('has the built-in resources before the first answer', async () => {
    const server = await start(() => undefined);
    const resources = watchClusterResources({
      client: await connect(server.url),
      intervalMs: 1_000,
      log: { info: () => undefined, warn: () => undefined },
    });
    connections.closeAfterwards(resources);
    expect(resources.current().at).toBe(0);
    expect(resources.current().mapper.find('apps', 'deployments')?.kind).toBe('Deployment');
    expect(resources.current().mapper.find('', 'brands')).toBeUndefined();
  });

  it('finds the same on servers with v2, v2beta1 or without aggregated discovery', async () => {
    const server = await start(aggregated());
    const watched = await watch(server.url);
    const expected = watched.resources.current().mapper.resources;
    expect(expected.length).toBeGreaterThan(50);
    expect(server.requests[0]?.headers.accept).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,' +
        'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json',
    );
    for (const handler of [aggregated(named, 'v2beta1'), oneByOne()]) {
      server.answerWith(handler);
      await watched.resources.refresh();
      expect(watched.resources.current().mapper.resources).toEqual(expected);
      expect(watched.resources.current().failure).toBeUndefined();
    }
    expect(watched.resources.current().mapper.resources).toBe(expected);
    expect(watched.changes).toHaveLength(1);
  });

  it('follows a custom resource that is installed and removed', async () => {
    const without = named.filter(({ name }) => name !== 'cheese.io');
    const server = await start(aggregated(without));
    const watched = await watch(server.url, 20);
    expect(find(watched, '', 'brands')).toBeUndefined();
    server.answerWith(aggregated());
    await eventually(() => find(watched, '', 'brands')).toMatchObject(brand);
    server.answerWith(aggregated(without));
    await eventually(() => find(watched, '', 'brands')).toBeUndefined();
    expect(watched.changes).toHaveLength(3);
  });

  it('keeps the last resources while the API server is down, and continues when it recovers', async () => {
    const server = await start(aggregated());
    const watched = await watch(server.url, 50, 10);
    const before = watched.resources.current();
    await server.close();
    connections.forget(server);

    await eventually(() => watched.resources.current().failure?.kind).toBe('unreachable');
    expect(watched.resources.current()).toMatchObject({ at: before.at, failedGroups: [] });
    expect(find(watched, 'cheese', 'brand')).toMatchObject(brand);

    await start(aggregated(), server.port);
    await eventually(() => watched.resources.current().failure).toBeUndefined();
    expect(watched.resources.current().at).toBeGreaterThan(before.at);
    expect(watched.changes).toHaveLength(1);
    expect(watched.logged).toEqual([
      expect.stringMatching(/^warn discovery of cluster resources failed/),
      expect.stringMatching(/^info discovery of cluster resources succeeds again/),
    ]);
  });

  it.each([
    ['aggregated', withStale],
    ['one by one', oneByOne],
  ])('keeps the resources of a group whose server is down (%s)', async (_, handlerWith) => {
    const server = await start(handlerWith([]));
    const watched = await watch(server.url);
    server.answerWith(handlerWith(['cheese.io', 'apps']));
    await watched.resources.refresh();

    expect(watched.resources.current().failedGroups).toEqual(['apps', 'cheese.io']);
    expect(watched.resources.current().failure).toBeUndefined();
    expect(find(watched, 'cheese', 'brand')).toMatchObject(brand);
    expect(find(watched, '', 'deployments')?.group).toBe('apps');

    server.answerWith(handlerWith([]));
    await watched.resources.refresh();
    expect(watched.resources.current().failedGroups).toEqual([]);
    expect(watched.changes).toHaveLength(3);
    expect(watched.logged).toEqual([
      'warn API groups unavailable {"groups":["apps","cheese.io"]}',
      'info API groups available again {"groups":["apps","cheese.io"]}',
    ]);
  });

  it.each([
    ['aggregated', withStale],
    ['one by one', oneByOne],
  ])('leaves a group out whose server was down from the start (%s)', async (_, handlerWith) => {
    const server = await start(handlerWith(['cheese.io']));
    const watched = await watch(server.url);
    expect(watched.resources.current().failedGroups).toEqual(['cheese.io']);
    expect(find(watched, '', 'brands')).toBeUndefined();
    expect(find(watched, '', 'deployments')?.group).toBe('apps');
  });

  it.each([
    ['forbidden', 'forbidden', (_, response) => sendStatus(response, 403, 'no')],
    ['an error', 'server_error', (_, response) => sendStatus(response, 500, 'etcd')],
    ['no JSON', 'bad_answer', (_, response) => response.end('<html>')],
    ['another document', 'bad_answer', (_, response) => sendJson(response, 200, [1])],
    ['nothing about the core group', 'server_error', oneByOne([''])],
  ] satisfies [string, string, Handler][])('is not misled by %s', async (_, kind, handler) => {
    const server = await start(aggregated());
    const watched = await watch(server.url);
    const { mapper } = watched.resources.current();
    server.answerWith(handler);
    await watched.resources.refresh();
    expect(watched.resources.current().mapper).toBe(mapper);
    expect(watched.resources.current().failure?.kind).toBe(kind);
    expect(watched.changes).toHaveLength(1);
  });

  it('combines refreshes, and ends with close', async () => {
    const server = await start(aggregated());
    const { resources } = await watch(server.url);
    await Promise.all([resources.refresh(), resources.refresh(), resources.refresh()]);
    expect(server.requests).toHaveLength(4);

    server.answerWith(() => undefined);
    const hanging = resources.refresh();
    resources.close();
    await hanging;
    await resources.refresh();
    expect(resources.current().failure).toBeUndefined();
    expect(server.requests.length).toBeLessThanOrEqual(6);
  });
});
