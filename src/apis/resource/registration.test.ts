import { describe, expect, it } from 'vitest';
import { TableAnswer } from '../../apiserver/representation/table.ts';
import { statusOf } from '../../apiserver/status.ts';
import { MetricsError, ObjectNotFoundError } from '../../metrics/metrics-error.ts';
import type { NodeMetrics, PodMetrics, ResourceMetrics } from '../../metrics/resource.ts';
import { metricsErrorStatus } from '../metrics-api.ts';
import { resourceMetricsApi } from './registration.ts';

const MIB = 2n ** 20n * 1000n;
const window = 90_000;

const node: NodeMetrics = {
  object: { name: 'n', namespace: undefined, labels: {} },
  timestamp: 60.9,
  window,
  usage: { cpu: 2500n, memory: 8n * MIB },
};
const pod: PodMetrics = {
  object: { name: 'p', namespace: 'shop', labels: { app: 'x' } },
  timestamp: 60,
  window,
  containers: [
    { name: 'a', usage: { cpu: 1n, memory: 1_000_000_000n } },
    { name: 'b', usage: { cpu: undefined, memory: 500n } },
  ],
};

/** The API with one pod and one node, and the requests to its service. */
function api() {
  const asked: object[] = [];
  const metrics: ResourceMetrics = {
    async pod({ signal: _signal, onQuery: _onQuery, ...request }) {
      asked.push({ pod: request });
      if (request.name !== 'p') throw new ObjectNotFoundError('', 'pods', request.name);
      return pod;
    },
    async pods({ signal: _signal, onQuery: _onQuery, ...request }) {
      asked.push({ pods: request });
      return [pod];
    },
    async node({ signal: _signal, onQuery: _onQuery, ...request }) {
      asked.push({ node: request });
      if (request.name !== 'n') throw new MetricsError('InternalError', 'unable to fetch metrics');
      return node;
    },
    async nodes({ signal: _signal, onQuery: _onQuery, ...request }) {
      asked.push({ nodes: request });
      return [node];
    },
  };
  const served = resourceMetricsApi(metrics, () => 120_500);
  const get = async (
    target: string,
    conversion?: { kind: string; group: string; version: string },
  ) => {
    const [path = '', search = ''] = target.split('?');
    const query = new URLSearchParams(search);
    const answer = await served.get({
      version: 'v1beta1',
      segments: path.split('/'),
      query,
      signal: new AbortController().signal,
      flow: undefined,
      context: { onQuery: () => () => undefined },
    });
    if (!(answer instanceof TableAnswer)) return answer;
    const { kind, columns } = served.types.get(answer.typeName) ?? {};
    if (kind === undefined || columns === undefined) throw new Error(answer.typeName);
    return answer.convert({ kind, columns }, conversion, query);
  };
  return { served, get, asked };
}

async function codeOf(answer: Promise<object>): Promise<number> {
  return answer.then(
    () => 200,
    (error: unknown) => (metricsErrorStatus(error) ?? statusOf(error)).code,
  );
}

const nodeObject = {
  metadata: { name: 'n', creationTimestamp: '1970-01-01T00:02:00Z' },
  timestamp: '1970-01-01T00:01:00Z',
  window: '1m30s',
  usage: { cpu: '2500m', memory: '8Mi' },
};
const podObject = {
  metadata: {
    name: 'p',
    namespace: 'shop',
    creationTimestamp: '1970-01-01T00:02:00Z',
    labels: { app: 'x' },
  },
  timestamp: '1970-01-01T00:01:00Z',
  window: '1m30s',
  containers: [
    { name: 'a', usage: { cpu: '1m', memory: '1000000' } },
    { name: 'b', usage: { memory: '500m' } },
  ],
};
const apiVersion = 'metrics.k8s.io/v1beta1';

describe('metrics.k8s.io', () => {
  it('answers with objects and with lists of them', async () => {
    const { get, asked } = api();
    expect(await get('nodes/n')).toEqual({ kind: 'NodeMetrics', apiVersion, ...nodeObject });
    expect(await get('nodes')).toEqual({
      kind: 'NodeMetricsList',
      apiVersion,
      metadata: {},
      items: [nodeObject],
    });
    expect(await get('namespaces/shop/pods/p')).toEqual({
      kind: 'PodMetrics',
      apiVersion,
      ...podObject,
    });
    expect(await get('namespaces/shop/pods')).toMatchObject({ items: [podObject] });
    expect(await get('pods')).toMatchObject({ kind: 'PodMetricsList', items: [podObject] });
    expect(asked).toEqual([
      { node: { name: 'n' } },
      { nodes: { selector: [], fields: [] } },
      { pod: { namespace: 'shop', name: 'p' } },
      { pods: { namespace: 'shop', selector: [], fields: [] } },
      { pods: { namespace: undefined, selector: [], fields: [] } },
    ]);
  });

  it('passes selectors on, for lists only', async () => {
    const { get, asked } = api();
    const selectors = '?labelSelector=a%3Db&fieldSelector=metadata.name%21%3Dx&limit=1';
    await get(`pods${selectors}`);
    await get(`nodes/n${selectors}`);
    expect(asked).toEqual([
      {
        pods: {
          namespace: undefined,
          selector: [{ key: 'a', operator: '=', values: ['b'] }],
          fields: [{ field: 'metadata.name', operator: '!=', value: 'x' }],
        },
      },
      { node: { name: 'n' } },
    ]);
  });

  it.each([
    ['pods?labelSelector=%2C%2C', 400],
    ['pods?fieldSelector=status.phase%3DRunning', 400],
    ['pods?limit=many', 400],
    ['nodes?watch=true', 405],
    ['pods/p', 404],
    ['pod', 404],
    ['namespaces/shop/nodes', 404],
    ['namespaces//pods', 404],
    ['namespaces/shop/pods/p/status', 404],
    ['nodes/n/status', 404],
    ['namespaces/shop/pods/other', 404],
    ['nodes/other', 500],
  ])('answers %s with %i', async (target, code) => {
    expect(await codeOf(api().get(target))).toBe(code);
  });

  it('rejects a field selector that is too long', async () => {
    const { get, asked } = api();
    const longest = 'metadata.name!=x'.padEnd(4096, ',');
    await get(`pods?${new URLSearchParams({ fieldSelector: longest })}`);
    expect(asked).toMatchObject([{ pods: { fields: [{ operator: '!=', value: 'x' }] } }]);
    await expect(
      get(`pods?${new URLSearchParams({ fieldSelector: `${longest},` })}`),
    ).rejects.toThrow('fieldSelector: expected at most 4096 characters, got 4097');
    expect(asked).toHaveLength(1);
  });

  it('names the object that was not found', async () => {
    const error: unknown = await api()
      .get('namespaces/shop/pods/other')
      .catch((thrown: unknown) => thrown);
    expect(metricsErrorStatus(error)).toMatchObject({
      reason: 'NotFound',
      message: 'pods "other" not found',
      details: { name: 'other', kind: 'pods' },
    });
  });

  it('has rows with the sums over containers, unknown if one is unknown', async () => {
    const { get } = api();
    const table = { kind: 'Table', group: 'meta.k8s.io', version: 'v1' };
    expect(await get('pods', table)).toMatchObject({
      rows: [{ cells: ['p', '<unknown>', '1000000500m', '1m30s'] }],
    });
    expect(await get('nodes/n', table)).toMatchObject({
      rows: [{ cells: ['n', '2500m', '8Mi', '1m30s'] }],
    });
  });

  it('lists its two resources, in the same array each time', () => {
    const { served } = api();
    const list = served.resources('v1beta1');
    expect(list.map(({ name, namespaced, verbs }) => [name, namespaced, verbs])).toEqual([
      ['nodes', false, ['get', 'list']],
      ['pods', true, ['get', 'list']],
    ]);
    expect(served.resources('v1beta1')).toBe(list);
  });
});
