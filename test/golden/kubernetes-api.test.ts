import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KubernetesApi, startKubernetesApi } from './kubernetes-api.ts';
import { parseGroups } from './kubernetes-discovery.ts';
import { parseObjects } from './kubernetes-objects.ts';
import { readData } from './recorded-cases.ts';

const partialList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const aggregated = (version: string) =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;

let folder: string;
let api: KubernetesApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-api-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  api = await startKubernetesApi({
    groups: parseGroups(readData('kube-discovery.json')),
    objects: parseObjects(readData('objects.yaml')),
    kubeconfig: join(folder, 'kubeconfig'),
  });
  return () => api.close();
});

async function get(path: string, accept = 'application/json') {
  const answer = await fetch(api.url + path, { headers: { accept } });
  const body: unknown = await answer.json();
  return { status: answer.status, type: answer.headers.get('content-type'), body };
}

async function namesOf(path: string): Promise<string[]> {
  const { body } = await get(path, partialList);
  return [...JSON.stringify(body).matchAll(/"metadata":\{"name":"([^"]+)"/g)].map(
    ([, name = '']) => name,
  );
}

describe('discovery', () => {
  it('is served as separate documents', async () => {
    expect((await get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect((await get('/api/v1')).body).toMatchObject({
      kind: 'APIResourceList',
      groupVersion: 'v1',
      resources: expect.arrayContaining([
        expect.objectContaining({ name: 'pods', singularName: 'pod', namespaced: true }),
      ]),
    });
    expect((await get('/apis')).body).toMatchObject({
      kind: 'APIGroupList',
      groups: expect.arrayContaining([
        {
          name: 'work.example.com',
          versions: [
            { groupVersion: 'work.example.com/v1', version: 'v1' },
            { groupVersion: 'work.example.com/v1alpha1', version: 'v1alpha1' },
          ],
          preferredVersion: { groupVersion: 'work.example.com/v1', version: 'v1' },
        },
      ]),
    });
    expect((await get('/apis/apps')).body).toMatchObject({ kind: 'APIGroup', name: 'apps' });
    expect((await get('/apis/work.example.com/v1alpha1')).body).toMatchObject({
      groupVersion: 'work.example.com/v1alpha1',
      resources: [{ name: 'jobs', kind: 'Job' }],
    });
  });

  it.each(['v2', 'v2beta1'])('is served aggregated (%s)', async (version) => {
    const named = await get('/apis', aggregated(version));
    expect(named.type).toBe(
      `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    );
    expect(named.body).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      items: expect.arrayContaining([
        expect.objectContaining({
          metadata: expect.objectContaining({ name: 'autoscaling' }),
          versions: [
            expect.objectContaining({ version: 'v2' }),
            expect.objectContaining({ version: 'v1' }),
          ],
        }),
      ]),
    });
    const core = await get('/api', aggregated(version));
    expect(core.body).toMatchObject({
      items: [
        {
          versions: [
            {
              version: 'v1',
              resources: expect.arrayContaining([
                expect.objectContaining({
                  resource: 'nodes',
                  scope: 'Cluster',
                  singularResource: 'node',
                  responseKind: { group: '', version: 'v1', kind: 'Node' },
                }),
              ]),
            },
          ],
        },
      ],
    });
  });

  it('shows a group that was added later', async () => {
    const resource = {
      name: 'as',
      singularName: 'a',
      namespaced: true,
      kind: 'A',
      verbs: ['list'],
    };
    expect((await get('/apis/late.example.com/v1')).status).toBe(404);
    api.addGroup({
      name: 'late.example.com',
      versions: ['v1'],
      preferred: 'v1',
      resources: { v1: [resource] },
    });
    expect((await get('/apis/late.example.com/v1')).body).toMatchObject({ resources: [resource] });
  });
});

describe('lists', () => {
  it('hold full objects, in one namespace or in all', async () => {
    const { body } = await get('/apis/apps/v1/namespaces/shop/deployments');
    expect(body).toMatchObject({
      kind: 'DeploymentList',
      apiVersion: 'apps/v1',
      metadata: { resourceVersion: expect.stringMatching(/^\d+$/) },
      items: [
        { metadata: { name: 'cart', namespace: 'shop' }, spec: { replicas: 0 } },
        { metadata: { name: 'pay' } },
      ],
    });
    expect(await namesOf('/apis/apps/v1/deployments')).toEqual(['inv-api', 'cart', 'pay']);
    expect(await namesOf('/api/v1/namespaces')).toEqual([
      'billing',
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
      'lab-9',
      'quiet',
      'shop',
    ]);
    expect(await namesOf('/api/v1/namespaces/default/services')).toEqual(['kubernetes']);
  });

  it('hold metadata only when asked to', async () => {
    const { body } = await get('/api/v1/nodes', partialList);
    expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    const { body: pods } = await get('/api/v1/namespaces/shop/pods', partialList);
    expect(JSON.stringify(pods)).not.toContain('"spec"');
    expect(JSON.stringify(pods)).toContain('"labels"');
  });

  it.each([
    ['labelSelector=app%3Dcart', ['cart-0', 'cart-1', 'cart-2']],
    ['labelSelector=app%20in%20(cart,pay),tier!%3Dfront', ['cart-2', 'pay.a', 'payxa']],
    ['labelSelector=app%3Dnone', []],
    ['fieldSelector=metadata.name%3Dsolo', ['solo']],
    ['labelSelector=app%3Dcart&fieldSelector=metadata.name!%3Dcart-1', ['cart-0', 'cart-2']],
  ])('are cut down by %s', async (query, names) => {
    expect(await namesOf(`/api/v1/namespaces/shop/pods?${query}`)).toEqual(names);
  });

  it('come in pages', async () => {
    const path = '/api/v1/namespaces/shop/pods?limit=3';
    const { body: first } = await get(path);
    expect(first).toMatchObject({ metadata: { continue: '3', remainingItemCount: 4 } });
    expect(await namesOf(path)).toEqual(['cart-0', 'cart-1', 'cart-2']);
    expect(await namesOf(`${path}&continue=3`)).toEqual(['pay.a', 'payxa', 'solo']);
    expect(await namesOf(`${path}&continue=6`)).toEqual(['web.v1.example']);
    const { body: last } = await get(`${path}&continue=6`);
    expect(JSON.stringify(last)).not.toContain('continue');
  });

  it('show custom resources in every version of their group', async () => {
    expect((await get('/apis/work.example.com/v1alpha1/jobs')).body).toMatchObject({
      apiVersion: 'work.example.com/v1alpha1',
      items: [{ apiVersion: 'work.example.com/v1alpha1' }, {}],
    });
    expect(await namesOf('/apis/batch/v1/namespaces/shop/jobs')).toEqual(['export.2', 'import-1']);
    expect(await namesOf('/apis/work.example.com/v1/jobs')).toEqual(['import-1', 'paint']);
  });
});

it('gives single objects', async () => {
  const { body } = await get('/api/v1/namespaces/shop');
  expect(body).toMatchObject({
    kind: 'Namespace',
    metadata: { labels: { team: 'retail', 'kubernetes.io/metadata.name': 'shop' } },
  });
  expect((await get('/api/v1/namespaces/shop/pods/solo')).body).toMatchObject({ kind: 'Pod' });
  expect(await get('/api/v1/namespaces/shop/pods/none')).toMatchObject({
    status: 404,
    body: { kind: 'Status', reason: 'NotFound', message: 'pods "none" not found' },
  });
});

it.each([
  ['/api/v2', 404],
  ['/apis/none.example.com/v1', 404],
  ['/api/v1/widgets', 404],
  ['/api/v1/pods/solo', 404],
  ['/api/v1/namespaces/shop/nodes', 404],
  ['/api/v1/namespaces/shop/pods/solo/log', 404],
  ['/apis/authentication.k8s.io/v1/tokenreviews', 405],
  ['/api/v1/pods?labelSelector=,,', 400],
  ['/api/v1/pods?fieldSelector=spec.nodeName%3Da', 400],
  ['/api/v1/pods?limit=x', 400],
])('refuses %s', async (path, status) => {
  expect(await get(path)).toMatchObject({ status, body: { kind: 'Status', code: status } });
});

it('answers 406 to a request for unsupported media types only', async () => {
  expect((await get('/api/v1/pods', 'application/vnd.kubernetes.protobuf')).status).toBe(406);
  expect((await get('/api/v1/pods', 'application/json;as=Table;g=meta.k8s.io;v=v1')).status).toBe(
    406,
  );
  expect((await get('/api/v1/pods', 'application/vnd.kubernetes.protobuf, */*')).status).toBe(200);
});

it('watches', async () => {
  const answer = await fetch(
    `${api.url}/api/v1/namespaces/quiet/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=30`,
  );
  const lines = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => JSON.parse((await lines?.read())?.value ?? 'null');
  expect(await next()).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Pod' } });
  const metadata = { name: 'late', namespace: 'quiet' };
  api.objects.add({ apiVersion: 'v1', kind: 'Pod', metadata });
  expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata } });
  api.objects.remove({ apiVersion: 'v1', kind: 'Pod', metadata });
  expect(await next()).toMatchObject({ type: 'DELETED', object: { metadata } });
  await lines?.cancel();
});

it('counts requests by path', async () => {
  await get('/api/v1/pods?limit=1');
  await get('/api/v1/pods?limit=2');
  await get('/apis');
  expect(api.requestCounts()).toEqual(
    new Map([
      ['/api/v1/pods', 2],
      ['/apis', 1],
    ]),
  );
  api.resetRequestCounts();
  expect(api.requestCounts()).toEqual(new Map());
});

it('writes a kubeconfig that leads to it', () => {
  const config = new KubeConfig();
  config.loadFromFile(join(folder, 'kubeconfig'));
  expect(config.getCurrentCluster()?.server).toBe(api.url);
});
