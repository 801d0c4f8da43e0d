import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import { createStandaloneObjectNames, standaloneObjectMetadata } from './standalone-objects.ts';

const pods = {
  group: '',
  version: 'v1',
  resource: 'pods',
  singular: 'pod',
  kind: 'Pod',
  namespaced: true,
};
const series = { name: 'http_requests_total', resourceLabel: 'pod', namespaceLabel: 'namespace' };

function namesFrom(values: readonly string[]) {
  const asked: unknown[] = [];
  const names = createStandaloneObjectNames({
    servers: prometheusServers({
      labelValues: async (label, [match], range) => {
        asked.push({ label, match, start: range.start });
        return values;
      },
    }),
    maxAgeMs: 60_000,
    now: () => 1_000_000,
  });
  return { names, asked };
}

describe('createStandaloneObjectNames', () => {
  it('takes the values of the label from the series in the namespace', async () => {
    const { names, asked } = namesFrom(['web-1', 'web-0', '', 'web-1']);
    expect(await names.list({ resource: pods, namespace: 'shop', selector: [], series })).toEqual([
      'web-0',
      'web-1',
    ]);
    expect(asked).toEqual([
      {
        label: 'pod',
        match: '{__name__="http_requests_total",pod!="",namespace="shop"}',
        start: 940,
      },
    ]);
  });

  it('does not restrict the namespace of root-scoped resources', async () => {
    const { names, asked } = namesFrom(['node-a']);
    const request = {
      resource: pods,
      namespace: undefined,
      selector: [],
      series: { ...series, resourceLabel: 'node' },
    };
    expect(await names.list(request)).toEqual(['node-a']);
    expect(asked).toMatchObject([{ match: '{__name__="http_requests_total",node!=""}' }]);
  });

  it('cannot leave the namespace by injection', async () => {
    const { names, asked } = namesFrom([]);
    await names.list({ resource: pods, namespace: 'a",namespace=~".*', selector: [], series });
    expect(asked).toMatchObject([
      { match: '{__name__="http_requests_total",pod!="",namespace="a\\",namespace=~\\".*"}' },
    ]);
  });

  it.each([
    ['an empty namespace', { namespace: '', series }],
    [
      'no label for the namespace',
      { namespace: 'a', series: { ...series, namespaceLabel: undefined } },
    ],
  ])('sends nothing with %s', async (_, request) => {
    const { names, asked } = namesFrom(['web-0']);
    expect(await names.list({ resource: pods, ...request, selector: [] })).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('reports that a label selector needs a cluster', async () => {
    const { names, asked } = namesFrom(['web-0']);
    const listing = names.list({
      resource: pods,
      namespace: 'shop',
      selector: parseLabelSelector('a=b'),
      series,
    });
    await expect(listing).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(listing).rejects.toThrow('--lister-kubeconfig');
    expect(asked).toEqual([]);
  });
});

it('rejects requests for pods and nodes', async () => {
  const request = { resource: pods, namespace: 'shop', name: undefined, selector: [] };
  await expect(standaloneObjectMetadata.list(request)).rejects.toMatchObject({
    reason: 'BadRequest',
    message: expect.stringContaining('--lister-kubeconfig'),
  });
});
