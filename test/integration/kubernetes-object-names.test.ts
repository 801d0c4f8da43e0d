import { describe, expect, it } from 'vitest';
import type { ClusterResource } from '../../src/apimachinery/cluster-resource.ts';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import {
  type ClusterObjectNames,
  createObjectNames,
} from '../../src/kubernetes/objects/name-lister.ts';
import { kubernetesConnections } from './kubernetes-connections.ts';
import { type Handler, type KubernetesServer, sendJson, sendStatus } from './kubernetes-server.ts';

const connections = kubernetesConnections();

async function start(
  handler: Handler,
): Promise<{ server: KubernetesServer; names: ClusterObjectNames }> {
  const server = await connections.serve(handler);
  return { server, names: createObjectNames(await connections.connect(server.url)) };
}

function resource(group: string, name: string): ClusterResource {
  const found = builtinResourceMapper().find(group, name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const pods = resource('', 'pods');
const everything = parseLabelSelector('');

const list = (names: readonly string[], next = '') => ({
  kind: 'PartialObjectMetadataList',
  metadata: next === '' ? {} : { continue: next },
  items: names.map((name) => ({ metadata: { name } })),
});

describe('createObjectNames', () => {
  it('requests the metadata of the objects that the selector selects', async () => {
    const { server, names } = await start((_, response) =>
      sendJson(response, 200, list(['web-1', 'web-0'])),
    );
    const selector = parseLabelSelector('app in (web, shop),!canary,tier!=a');
    const request = { resource: resource('apps', 'deployment'), namespace: 'shop', selector };
    expect(await names.list(request)).toEqual(['web-0', 'web-1']);

    const [asked] = server.requests;
    expect(asked?.url.pathname).toBe('/apis/apps/v1/namespaces/shop/deployments');
    expect(parseLabelSelector(asked?.url.searchParams.get('labelSelector') ?? '')).toEqual(
      selector,
    );
    expect(asked?.headers.accept).toBe(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
    );
  });

  it('lists cluster-scoped objects, and each name once over all namespaces', async () => {
    const { server, names } = await start((_, response) =>
      sendJson(response, 200, list(['b', 'a', 'b'])),
    );
    const nodes = { resource: resource('', 'nodes'), namespace: undefined, selector: everything };
    expect(await names.list(nodes)).toEqual(['a', 'b']);
    await names.list({ ...nodes, resource: pods });
    expect(server.requests.map(({ url }) => url.pathname + url.search)).toEqual([
      '/api/v1/nodes?limit=500',
      '/api/v1/pods?limit=500',
    ]);
  });

  it.each(['', '..', '*', 'a/b', '%2e%2e', 'kube-system/secrets?x=', 'Shop'])(
    'asks nothing for the namespace "%s"',
    async (namespace) => {
      const { server, names } = await start((_, response) => sendJson(response, 200, list(['a'])));
      expect(await names.list({ resource: pods, namespace, selector: everything })).toEqual([]);
      expect(server.requests).toEqual([]);
    },
  );

  it('reads page after page', async () => {
    const { server, names } = await start(({ url }, response) => {
      const page = Number(url.searchParams.get('continue') ?? '0');
      const next = page < 2 ? String(page + 1) : '';
      sendJson(response, 200, list([`pod-${9 - page}`], next));
    });
    const request = { resource: pods, namespace: 'shop', selector: parseLabelSelector('a=b') };
    expect(await names.list(request)).toEqual(['pod-7', 'pod-8', 'pod-9']);
    expect(server.requests.map(({ url }) => url.searchParams.get('labelSelector'))).toEqual([
      'a=b',
      'a=b',
      'a=b',
    ]);
  });

  it('starts again if the continue token has expired', async () => {
    let forgotten = 0;
    const { names } = await start(({ url }, response) => {
      if (!url.searchParams.has('continue')) {
        sendJson(response, 200, list([`first-${forgotten}`], 'token'));
      } else if (forgotten < 2) {
        forgotten += 1;
        sendStatus(response, 410, 'the provided continue parameter is too old');
      } else {
        sendJson(response, 200, list(['second']));
      }
    });
    const request = { resource: pods, namespace: 'shop', selector: everything };
    expect(await names.list(request)).toEqual(['first-2', 'second']);
  });

  it.each([
    [
      'repeatedly forgets',
      'gone',
      ({ url }, response) => {
        if (url.searchParams.has('continue')) sendStatus(response, 410, 'too old');
        else sendJson(response, 200, list(['a'], 'token'));
      },
    ],
    [
      'offers the same page forever',
      'bad_answer',
      (_, response) => sendJson(response, 200, list(['a'], 'token')),
    ],
    ['forbids it', 'forbidden', (_, response) => sendStatus(response, 403, 'cannot list pods')],
    ['knows no such resource', 'not_found', (_, response) => sendStatus(response, 404, 'none')],
    ['sends no list', 'bad_answer', (_, response) => sendJson(response, 200, { items: 'a' })],
    ['sends null', 'bad_answer', (_, response) => sendJson(response, 200, null)],
    [
      'sends objects without names',
      'bad_answer',
      (_, response) => sendJson(response, 200, { items: [{ metadata: {} }] }),
    ],
  ] satisfies [string, string, Handler][])('fails when the server %s', async (_, kind, handler) => {
    const { server, names } = await start(handler);
    const listing = names.list({ resource: pods, namespace: 'shop', selector: everything });
    await expect(listing).rejects.toMatchObject({ name: 'KubernetesError', kind });
    expect(server.requests.length).toBeLessThan(10);
  });

  it('accepts null for an empty list', async () => {
    const { names } = await start((_, response) =>
      sendJson(response, 200, { kind: 'PodList', metadata: {}, items: null }),
    );
    const request = { resource: pods, namespace: 'shop', selector: everything };
    expect(await names.list(request)).toEqual([]);
  });

  it('shares a list among concurrent callers', async () => {
    const { server, names } = await start((_, response) => {
      setTimeout(() => sendJson(response, 200, list(['a'])), 20);
    });
    const request = { resource: pods, namespace: 'shop', selector: everything };
    const other = { ...request, selector: parseLabelSelector('a') };
    const answers = await Promise.all([
      ...Array.from({ length: 50 }, () => names.list(request)),
      names.list(other),
    ]);
    expect(answers).toEqual(Array.from({ length: 51 }, () => ['a']));
    expect(server.requests).toHaveLength(2);
    await names.list(request);
    expect(server.requests).toHaveLength(3);
  });

  it('ends the request when its caller disconnects', async () => {
    const ended = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { names } = await start((_, response) => {
      response.on('close', () => ended.resolve());
      begun.resolve();
    });
    const controller = new AbortController();
    const request = { resource: pods, namespace: 'shop', selector: everything };
    const listing = names.list({ ...request, signal: controller.signal });
    const refused = expect(listing).rejects.toMatchObject({ kind: 'canceled' });
    await begun.promise;
    controller.abort();
    await refused;
    await ended.promise;
  });
});
