import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { builtCatalog } from '../../test/fixtures/catalog.ts';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { compiledRule } from '../../test/fixtures/rules.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { SHORT_STEPS } from '../async/time-slices.ts';
import { type Catalog, emptyCatalog } from '../catalog/catalog.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import type { QueryAnswer, QueryOptions, Sample } from '../prometheus/query.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import { QueryError } from '../rules/query.ts';
import type { CompiledRule } from '../rules/rule.ts';
import type { AnswerSummary } from './answer-summary.ts';
import { createCustomMetrics } from './custom.ts';
import { createExternalMetrics } from './external.ts';
import { MetricsError } from './metrics-error.ts';
import type { ObjectNamesRequest } from './objects.ts';

const mapper = builtinResourceMapper();
const overrides = {
  namespace: 'namespace',
  pod: 'pod',
  node: 'node',
  deployment: 'deployments.apps',
};
/** A rule whose query throws an unexpected error. */
const fault = new Error('out of luck');
function faulty(rule: CompiledRule): CompiledRule {
  const fail = (): never => {
    throw fault;
  };
  return { ...rule, query: { ...rule.query, for: fail } };
}

async function madeCatalog(): Promise<Catalog> {
  const external = (rule: Parameters<typeof compiledRule>[0]) =>
    compiledRule({ seriesQuery: 'load', ...rule }, 'external');
  const { catalog } = await builtCatalog(
    {
      custom: [
        compiledRule({ seriesQuery: 'load', overrides }),
        compiledRule({
          seriesQuery: 'load',
          as: 'raw',
          overrides,
          metricsQuery: 'sum(load{pod=~"<<.LabelValuesByName.pod>>"}) by (pod)',
        }),
        faulty(compiledRule({ seriesQuery: 'load', as: 'faulty', overrides })),
      ],
      external: [
        external({ overrides, metricsQuery: '<<.Series>>{<<.LabelMatchers>>}' }),
        external({
          as: 'everywhere',
          namespaced: false,
          metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})',
        }),
        external({ as: 'grouped', overrides }),
        external({ as: 'cut', overrides, metricsQuery: '<<slice .Series 0 50>>' }),
        faulty(external({ as: 'faulty', overrides })),
      ],
    },
    new Map([['load', new Map([['load', new Set(['namespace', 'pod', 'node', 'deployment'])]])]]),
    mapper,
  );
  return catalog;
}

let catalog = emptyCatalog;
// Within a test, not at import, so that mutation tests find the tests that need it.
beforeEach(async () => {
  if (catalog === emptyCatalog) catalog = await madeCatalog();
});

/** The services with a Prometheus that returns this result, or fails; its queries are kept. */
function services(answer: QueryAnswer | Error, names: readonly string[] | Error = ['a', 'b', 'c']) {
  const asked: string[] = [];
  const options: QueryOptions[] = [];
  const listed: ObjectNamesRequest[] = [];
  const summaries: AnswerSummary[] = [];
  const queries = {
    async query(promql: string, given: QueryOptions) {
      asked.push(promql);
      options.push(given);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const servers = prometheusServers(queries);
  const onAnswer = (summary: AnswerSummary) => void summaries.push(summary);
  const custom = createCustomMetrics({
    catalog: () => catalog,
    mapper: () => mapper,
    objects: {
      async list(request) {
        listed.push(request);
        if (names instanceof Error) throw names;
        return names;
      },
    },
    servers,
    onAnswer,
  });
  const external = createExternalMetrics({ catalog: () => catalog, servers, onAnswer });
  return { custom, external, asked, options, listed, summaries };
}

function vector(...samples: readonly (readonly [string, number])[]): QueryAnswer {
  return {
    type: 'vector',
    samples: samples.map(([pod, value]): Sample => ({ labels: { pod }, value, timestamp: 1.9 })),
  };
}

const pods = {
  resource: 'pods',
  namespace: 'shop',
  name: undefined,
  metric: 'load',
  selector: [],
  metricSelector: [],
};

describe('custom metrics', () => {
  it('returns a value for each object that has a sample, in the order of names', async () => {
    const { custom, asked } = services(vector(['c', 2], ['a', 0.5], ['foreign', 9]));
    const values = await custom.get({ ...pods, metricSelector: parseLabelSelector('code=1') });
    expect(values).toEqual([
      {
        describedObject: { kind: 'Pod', namespace: 'shop', name: 'a', apiVersion: '/v1' },
        metric: { name: 'load', selector: { matchLabels: { code: '1' } } },
        timestamp: 1.9,
        value: '500m',
      },
      expect.objectContaining({ value: '2' }),
    ]);
    expect(asked).toEqual(['sum(load{code="1",namespace="shop",pod=~"a|b|c"}) by (pod)']);
  });

  it('uses the last of several samples, NaN as 0, and no infinities', async () => {
    const { custom, summaries } = services(
      vector(['a', 1], ['a', 2], ['b', Number.NaN], ['c', Number.NEGATIVE_INFINITY]),
    );
    const values = await custom.get(pods);
    expect(values.map(({ value }) => value)).toEqual(['2', '0']);
    expect(summaries.map(({ leftOut }) => leftOut.get('infinite'))).toEqual([1]);
  });

  it('reports how many samples were not used, and why', async () => {
    const sample = (labels: Sample['labels']): Sample => ({ labels, value: 1, timestamp: 1 });
    const { custom, summaries } = services({
      type: 'vector',
      samples: [
        sample({ pod: 'a' }),
        sample({ pod: 'a', namespace: 'shop' }),
        sample({ pod: 'b', namespace: 'other' }),
        sample({ pod: 'foreign', namespace: 'shop' }),
        sample({ namespace: 'shop' }),
        sample({}),
      ],
    });
    await custom.get(pods);
    expect(summaries).toEqual([
      {
        api: 'custom',
        metric: 'pods/load',
        namespace: 'shop',
        objectLabel: 'pod',
        queries: ['sum(load{namespace="shop",pod=~"a|b|c"}) by (pod)'],
        samples: 6,
        leftOut: new Map([
          ['several_for_one_object', 1],
          ['other_namespace', 1],
          ['other_object', 1],
          ['label_missing', 2],
        ]),
        objects: { requested: 3, missing: { count: 2, names: ['b', 'c'] } },
      },
    ]);
  });

  it('is an empty list if no object has a value, and has no selector if none is requested', async () => {
    expect(await services(vector()).custom.get(pods)).toEqual([]);
    const values = await services(vector(['a', 1])).custom.get(pods);
    expect(values.map(({ metric }) => metric)).toEqual([{ name: 'load', selector: null }]);
  });

  it('supports objects without a namespace', async () => {
    const { custom, asked } = services({
      type: 'vector',
      samples: [{ labels: { node: 'n-1', namespace: 'shop' }, value: 3, timestamp: 1 }],
    });
    const request = { ...pods, resource: 'nodes', namespace: undefined, name: 'n-1' };
    expect(await custom.get(request)).toMatchObject([
      { describedObject: { kind: 'Node', namespace: undefined, name: 'n-1' }, value: '3' },
    ]);
    expect(asked).toEqual(['sum(load{node="n-1"}) by (node)']);
  });

  it('names some of the objects without a value', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `web-${index}`);
    const { custom, summaries } = services(vector(['web-1', 1]), names);
    await custom.get(pods);
    expect(summaries.map(({ objects }) => objects)).toEqual([
      {
        requested: 1_000,
        missing: { count: 999, names: ['web-0', 'web-2', 'web-3', 'web-4', 'web-5'] },
      },
    ]);
    const none = services(vector(), []);
    await expect(none.custom.get(pods)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(none.summaries).toMatchObject([
      { queries: [], samples: 0, leftOut: new Map(), objects: { requested: 0 } },
    ]);
    expect(none.summaries[0]?.objects?.missing).toEqual({ count: 0, names: [] });
  });

  it('does not use samples with another namespace', async () => {
    const sample = (namespace: string, value: number): Sample => ({
      labels: { pod: 'a', namespace },
      value,
      timestamp: 1,
    });
    const { custom } = services({
      type: 'vector',
      samples: [sample('shop', 1), sample('other', 2)],
    });
    const values = await custom.get({ ...pods, name: 'a' });
    expect(values.map(({ value }) => value)).toEqual(['1']);
    const foreign = services({ type: 'vector', samples: [sample('other', 2)] });
    await expect(foreign.custom.get({ ...pods, name: 'a' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });

  it('has no value for an object whose value is infinite', async () => {
    const { custom } = services(vector(['a', Number.POSITIVE_INFINITY]));
    await expect(custom.get({ ...pods, name: 'a' })).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'the server could not find the metric load for pods a',
    });
  });

  it('finds a metric only in the scope of its resource', async () => {
    const { custom, asked } = services(vector());
    for (const request of [
      { ...pods, metric: 'nope' },
      { ...pods, resource: 'widgets' },
      { ...pods, namespace: undefined },
      { ...pods, resource: 'nodes' },
    ]) {
      await expect(custom.get(request)).rejects.toMatchObject({ reason: 'NotFound' });
    }
    expect(asked).toEqual([]);
  });

  it('rejects invalid names of objects and namespaces without a request', async () => {
    const unable = new Error('no objects are to be listed');
    for (const name of ['a"} or up{a="', '.*', 'a|b', 'a b', 'café', '%20', '..', '', 'a\n']) {
      for (const metric of ['load', 'raw']) {
        const { custom, asked } = services(vector(['a', 1]), unable);
        await expect(custom.get({ ...pods, metric, name })).rejects.toMatchObject({
          reason: 'NotFound',
          message: `the server could not find the metric ${metric} for pods ${name}`,
        });
        await expect(custom.get({ ...pods, metric, namespace: name })).rejects.toMatchObject({
          reason: 'NotFound',
          message: `the server could not find the metric ${metric} for pods`,
        });
        const inNowhere = custom.get({ ...pods, metric, namespace: name, name: 'a' });
        await expect(inNowhere).rejects.toMatchObject({ reason: 'NotFound' });
        expect(asked).toEqual([]);
      }
    }
  });

  it('sends a name unchanged, or sends no query', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'aA0-._:@"\\{}|()[]*+?$^ \n\'`#,=~/%é') }),
      fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?$/),
    );
    const seen = { asked: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(text, text, async (name, namespace) => {
        const { custom, asked } = services(vector([name, 1]));
        const error = await custom.get({ ...pods, namespace, name }).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        if (asked.length === 0) {
          seen.refused += 1;
          expect(error).toMatchObject({ reason: 'NotFound' });
        } else {
          seen.asked += 1;
          expect(asked).toEqual([
            expect.stringMatching(
              /^sum\(load\{namespace="[-a-z0-9]+",pod="[-\w.:@]+"\}\) by \(pod\)$/,
            ),
          ]);
          expect(asked).toEqual([`sum(load{namespace="${namespace}",pod="${name}"}) by (pod)`]);
        }
      }),
      { numRuns: 500 },
    );
    expect(seen.asked).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(10);
  });

  it('inserts names without quotes only if they cannot inject PromQL', async () => {
    const { custom, asked } = services(vector(['a', 1]));
    await custom.get({ ...pods, metric: 'raw', name: 'a' });
    expect(asked.splice(0)).toEqual(['sum(load{pod=~"a"}) by (pod)']);
    await expect(
      custom.get({ ...pods, metric: 'raw', name: 'jane@example.com' }),
    ).rejects.toMatchObject({ reason: 'NotFound' });
    expect(asked).toEqual([]);
  });

  it('does not query Prometheus if no object matches', async () => {
    const { custom, asked } = services(vector(), []);
    await expect(custom.get(pods)).rejects.toMatchObject({ reason: 'NotFound' });
    expect(asked).toEqual([]);
  });

  it('lists the objects that match, and queries with the signal of the request', async () => {
    const { custom, listed, options } = services(vector());
    const { signal } = new AbortController();
    const onQuery = () => () => undefined;
    const selector = parseLabelSelector('app=shop');
    await custom.get({ ...pods, selector, signal, onQuery });
    expect(listed).toEqual([
      {
        resource: mapper.find('', 'pods'),
        namespace: 'shop',
        selector,
        series: { name: 'load', resourceLabel: 'pod', namespaceLabel: 'namespace' },
        signal,
      },
    ]);
    expect(options).toEqual([
      {
        signal,
        onQuery,
        origin: {
          rule: catalog.customMetrics.find(({ name }) => name === 'load')?.rule,
          request: {
            series: 'load',
            selector: [],
            namespace: { label: 'namespace', value: 'shop' },
            objects: { label: 'pod', names: ['a', 'b', 'c'] },
            groupBy: ['pod'],
          },
        },
      },
    ]);
  });

  it('supports resources of a group', async () => {
    const { custom, asked } = services(vector());
    await custom.get({ ...pods, resource: 'deployments.apps' });
    expect(asked).toEqual(['sum(load{namespace="shop",deployment=~"a|b|c"}) by (deployment)']);
    for (const resource of ['deployments.example.com', 'deployments.apps.example.com', '.apps']) {
      await expect(custom.get({ ...pods, resource })).rejects.toMatchObject({ reason: 'NotFound' });
    }
  });

  it('pauses for samples and objects when its slice is over, and only then', async () => {
    const names = Array.from({ length: 10 * SHORT_STEPS }, (_, i) => `p${i}`);
    const { custom } = services(vector(...names.map((name) => [name, 1] as const)), names);
    const get = () => custom.get(pods);
    expect(await turnsDuring('still', get)).toBe(0);
    expect(await turnsDuring('fast', get)).toBe(10 + 10 - 1);
  });

  it('keeps the causes of failures for the log', async () => {
    const down = new Error('down');
    await expect(services(vector(), down).custom.get(pods)).rejects.toMatchObject({ cause: down });
    const scalar = services({ type: 'scalar', value: 1, timestamp: 0 });
    await expect(scalar.custom.get(pods)).rejects.toMatchObject({
      cause: new Error(
        'the query returned a scalar, expected an instant vector: sum(load{namespace="shop",pod=~"a|b|c"}) by (pod)',
      ),
    });
    const unsafe = services(vector()).custom.get({ ...pods, metric: 'raw', name: 'a@b' });
    await expect(unsafe).rejects.toMatchObject({ cause: expect.any(QueryError) });
    const faultyRule = services(vector()).custom.get({ ...pods, metric: 'faulty' });
    await expect(faultyRule).rejects.toBe(fault);
  });

  it('distinguishes failures without internal details', async () => {
    const failure = services(new Error('connect ECONNREFUSED 10.0.0.1'));
    await expect(failure.custom.get(pods)).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to fetch metrics',
    });
    const noNames = services(vector(), new Error('secret'));
    await expect(noNames.custom.get(pods)).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to list matching resources',
    });
    const badRequest = new MetricsError('BadRequest', 'invalid selector');
    const rejected = services(vector(), badRequest);
    await expect(rejected.custom.get(pods)).rejects.toBe(badRequest);
    const scalar = services({ type: 'scalar', value: 1, timestamp: 0 });
    await expect(scalar.custom.get(pods)).rejects.toMatchObject({ reason: 'InternalError' });
    const unaskable = services(vector());
    await expect(
      unaskable.custom.get({ ...pods, metricSelector: parseLabelSelector('code>1') }),
    ).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('external metrics', () => {
  it('returns every sample with its labels, except infinities', async () => {
    const { external, asked, summaries } = services(
      vector(['b', 1], ['a', Number.NaN], ['c', Number.POSITIVE_INFINITY]),
    );
    const values = await external.get({ namespace: 'shop', metric: 'load', selector: [] });
    expect(values).toEqual([
      { metricName: 'load', metricLabels: { pod: 'b' }, timestamp: 1.9, value: '1' },
      { metricName: 'load', metricLabels: { pod: 'a' }, timestamp: 1.9, value: '0' },
    ]);
    expect(asked).toEqual(['load{namespace="shop"}']);
    expect(summaries.map(({ leftOut }) => leftOut.get('infinite'))).toEqual([1]);
  });

  it('supports a scalar', async () => {
    const { external } = services({ type: 'scalar', value: 2.5, timestamp: 3 });
    const values = await external.get({ namespace: 'shop', metric: 'load', selector: [] });
    expect(values).toMatchObject([{ metricLabels: null, value: '2500m' }]);
  });

  it.each(['', '*', 'Shop', 'a|b', 'a"} or up{a="', '.+', 'a b'])(
    'sends no query for the namespace %j, which cannot exist',
    async (namespace) => {
      const { external, asked } = services(vector());
      await expect(external.get({ namespace, metric: 'load', selector: [] })).rejects.toMatchObject(
        { reason: 'NotFound' },
      );
      expect(asked).toEqual([]);
    },
  );

  it('serves metrics that are not namespaced in any namespace, but not without one', async () => {
    for (const namespace of ['shop', '*', 'a"}']) {
      const { external, asked } = services(vector());
      await external.get({ namespace, metric: 'everywhere', selector: [] });
      expect(asked).toEqual(['sum(load{})']);
    }
    const { external, asked } = services(vector());
    const nowhere = external.get({ namespace: '', metric: 'everywhere', selector: [] });
    await expect(nowhere).rejects.toMatchObject({ reason: 'NotFound' });
    expect(asked).toEqual([]);
  });

  it('reports the query and the number of samples', async () => {
    const { external, summaries, options } = services(vector(['b', 1], ['a', 2]));
    const { signal } = new AbortController();
    await external.get({ namespace: 'shop', metric: 'load', selector: [], signal });
    expect(summaries).toEqual([
      {
        api: 'external',
        metric: 'load',
        namespace: 'shop',
        queries: ['load{namespace="shop"}'],
        samples: 2,
        leftOut: new Map(),
      },
    ]);
    expect(options).toMatchObject([
      { signal, origin: { request: { series: 'load', selector: [], groupBy: [] } } },
    ]);
  });

  it('groups by no label', async () => {
    const { external, asked } = services(vector());
    await external.get({ namespace: 'shop', metric: 'grouped', selector: [] });
    expect(asked).toEqual(['sum(load{namespace="shop"}) by ()']);
  });

  it('has the message of the reference adapter for an unknown metric', async () => {
    for (const [namespace, resource] of [
      ['default', 'namespaces'],
      ['shop', ''],
    ] as const) {
      const unknown = services(vector()).external.get({ namespace, metric: 'nope', selector: [] });
      await expect(unknown).rejects.toMatchObject({
        reason: 'NotFound',
        message: `the server could not find the metric nope for ${resource}`,
      });
    }
  });

  it('distinguishes failures, and keeps their causes for the log', async () => {
    const request = { namespace: 'shop', metric: 'load', selector: [] };
    const selector = parseLabelSelector('code>1');
    await expect(services(vector()).external.get({ ...request, selector })).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringMatching(/^labelSelector: ./),
    });
    await expect(
      services(vector()).external.get({ ...request, metric: 'cut' }),
    ).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to fetch metrics',
      cause: expect.any(QueryError),
    });
    const faultyRule = services(vector()).external.get({ ...request, metric: 'faulty' });
    await expect(faultyRule).rejects.toBe(fault);
    await expect(services({ type: 'matrix' }).external.get(request)).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to fetch metrics',
      cause: new Error(
        'the query returned a matrix, expected a vector or a scalar: load{namespace="shop"}',
      ),
    });
  });

  const infinity = Number.POSITIVE_INFINITY;

  it('creates the values of a large result at each iteration', async () => {
    const answer = vector(['a', 1], ['b', infinity], ['c', 2]);
    if (answer.type !== 'vector') throw new Error('it is a vector');
    const all = [...answer.samples];
    const samples = { length: all.length, [Symbol.iterator]: () => all.values() };
    const { external, summaries } = services({ type: 'vector', samples });
    const values = await external.get({ namespace: 'shop', metric: 'load', selector: [] });
    expect(values).not.toBeInstanceOf(Array);
    for (let time = 0; time < 2; time += 1) {
      expect([...values]).toMatchObject([
        { metricLabels: { pod: 'a' }, value: '1' },
        { metricLabels: { pod: 'c' }, value: '2' },
      ]);
    }
    expect(summaries).toMatchObject([{ samples: 3, leftOut: new Map([['infinite', 1]]) }]);
  });

  it('pauses for samples when its slice is over, and only then', async () => {
    const names = Array.from({ length: 10 * SHORT_STEPS }, (_, i) => `p${i}`);
    const { external } = services(vector(...names.map((name) => [name, 1] as const)));
    const get = () => external.get({ namespace: 'shop', metric: 'load', selector: [] });
    expect(await turnsDuring('still', get)).toBe(0);
    expect(await turnsDuring('fast', get)).toBe(9);
  });
});
