import { describe, expect, it } from 'vitest';
import { turnsDuring } from '../../test/fixtures/event-loop-turns.ts';
import { resourceRules } from '../../test/fixtures/resource-rules.ts';
import type { ResourceMapper } from '../apimachinery/cluster-resource.ts';
import { parseFieldSelector } from '../apimachinery/field-selector.ts';
import { parseLabelSelector } from '../apimachinery/label-selector-parser.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { createResourceMapper } from '../kubernetes/discovery/resource-mapper.ts';
import type { QueryAnswer, QueryOptions } from '../prometheus/query.ts';
import { prometheusServers } from '../prometheus/servers.ts';
import { QueryError } from '../rules/query.ts';
import type { CompiledResourceRules } from '../rules/rule.ts';
import type { AnswerSummary } from './answer-summary.ts';
import { MetricsError } from './metrics-error.ts';
import type { ObjectIdentity, ObjectMetadataRequest } from './objects.ts';
import { createResourceMetrics, selectableFields } from './resource.ts';
import { objectKey } from './resource-queries.ts';

type Labels = Readonly<Record<string, string>>;

function vector(...samples: readonly (readonly [Labels, number, number?])[]): QueryAnswer {
  return {
    type: 'vector',
    samples: samples.map(([labels, value, timestamp = 100]) => ({ labels, value, timestamp })),
  };
}

const pod = (namespace: string, name: string): ObjectIdentity => ({ namespace, name, labels: {} });
const node = (name: string): ObjectIdentity => ({ namespace: undefined, name, labels: {} });
const main = { container: 'main' };

interface Surroundings {
  readonly pods?: readonly ObjectIdentity[] | Error;
  readonly nodes?: readonly ObjectIdentity[];
  /** The result of a query for this usage. */
  readonly cpu: (query: string) => QueryAnswer | Error;
  readonly memory: (query: string) => QueryAnswer | Error;
  readonly rules?: Parameters<typeof resourceRules>[0];
  /** Default: those of `rules`. */
  readonly compiled?: () => CompiledResourceRules | undefined;
  readonly mapper?: ResourceMapper;
  /** Called before a query returns. */
  readonly onQuery?: (promql: string, signal: AbortSignal | undefined) => Promise<void>;
}

/** The service with these objects and results; the queries are kept. */
function service({
  pods = [],
  nodes = [],
  cpu,
  memory,
  rules,
  compiled = () => resourceRules(rules),
  mapper = builtinResourceMapper(),
  onQuery,
}: Surroundings) {
  const asked: string[] = [];
  const atOnce = { now: 0, most: 0 };
  const listed: ObjectMetadataRequest[] = [];
  const summaries: AnswerSummary[] = [];
  const metrics = createResourceMetrics({
    rules: compiled,
    mapper: () => mapper,
    objects: {
      async list(request) {
        listed.push(request);
        const { resource, namespace, name } = request;
        if (pods instanceof Error) throw pods;
        return (resource.resource === 'nodes' ? nodes : pods).filter(
          (each) =>
            (namespace === undefined || each.namespace === namespace) &&
            (name === undefined || each.name === name),
        );
      },
    },
    servers: prometheusServers({
      async query(promql: string, { signal }: QueryOptions) {
        asked.push(promql);
        atOnce.now += 1;
        atOnce.most = Math.max(atOnce.most, atOnce.now);
        await (onQuery?.(promql, signal) ?? Promise.resolve());
        atOnce.now -= 1;
        const answer = promql.includes('cpu') ? cpu(promql) : memory(promql);
        if (answer instanceof Error) throw answer;
        return answer;
      },
    }),
    onAnswer: (summary) => void summaries.push(summary),
  });
  return { metrics, asked, listed, summaries, mostAtOnce: () => atOnce.most };
}

const everything = { selector: [], fields: [] };

function samplesIn(answer: QueryAnswer): Extract<QueryAnswer, { type: 'vector' }> {
  if (answer.type !== 'vector') throw new Error(`a ${answer.type}`);
  return answer;
}

describe('pods of one namespace', () => {
  it('have the usage of their containers, sorted, with 0 without a sample', async () => {
    const { metrics, asked } = service({
      pods: [pod('shop', 'a'), pod('shop', 'b'), pod('shop', 'c')],
      cpu: () =>
        vector(
          [{ pod: 'a', container: 'z' }, 0.25, 90],
          [{ pod: 'a', container: 'm' }, 1],
          [{ pod: 'b', ...main }, 1],
          [{ pod: 'foreign', ...main }, 1],
        ),
      memory: () => vector([{ pod: 'a', container: 'k' }, 1024], [{ pod: 'c', ...main }, 1]),
    });
    expect(await metrics.pods({ namespace: 'shop', ...everything })).toEqual([
      {
        object: pod('shop', 'a'),
        timestamp: 90,
        window: 60_000,
        containers: [
          { name: 'k', usage: { cpu: 0n, memory: 1_024_000n } },
          { name: 'm', usage: { cpu: 1000n, memory: 0n } },
          { name: 'z', usage: { cpu: 250n, memory: 0n } },
        ],
      },
    ]);
    expect(asked).toEqual([
      'sum(cpu{namespace="shop",pod=~"a|b|c"}) by (pod,container)',
      'sum(mem{namespace="shop",pod=~"a|b|c"}) by (pod,container)',
    ]);
  });

  it('have NaN and negative values as 0, and no infinities', async () => {
    const { metrics, summaries } = service({
      pods: [pod('shop', 'a')],
      cpu: () =>
        vector(
          [{ pod: 'a', container: 'x' }, Number.NaN],
          [{ pod: 'a', container: 'y' }, Number.POSITIVE_INFINITY],
          [{ pod: 'a', container: 'z' }, 1e19],
        ),
      memory: () => vector([{ pod: 'a', container: 'x' }, -5]),
    });
    const { containers } = await metrics.pod({ namespace: 'shop', name: 'a' });
    expect(containers.map(({ usage }) => usage)).toEqual([
      { cpu: 0n, memory: 0n },
      { cpu: undefined, memory: 0n },
      { cpu: 10_000_000_000_000_000_000_000n, memory: 0n },
    ]);
    expect(summaries.map(({ leftOut }) => leftOut.get('infinite'))).toEqual([1]);
  });

  it('are identified by the namespace of a sample', async () => {
    const { metrics } = service({
      pods: [pod('shop', 'a')],
      cpu: () => vector([{ pod: 'a', namespace: 'billing', ...main }, 9]),
      memory: () => vector([{ pod: 'a', namespace: 'shop', ...main }, 1]),
    });
    expect(await metrics.pods({ namespace: 'shop', ...everything })).toEqual([]);
  });
});

describe('pods of several namespaces', () => {
  const pods = [pod('billing', 'a'), pod('shop', 'a'), pod('shop', 'b')];
  const both = () =>
    vector(
      [{ namespace: 'billing', pod: 'a', ...main }, 1],
      [{ namespace: 'shop', pod: 'a', ...main }, 2],
      [{ namespace: 'billing', pod: 'b', ...main }, 3],
    );

  /** The labels of samples whose rule does not group by namespace. */
  const own = () => vector([{ pod: 'a', ...main }, 1], [{ pod: 'b', ...main }, 1]);

  it('need one query, and are distinguished by their namespaces', async () => {
    const { metrics, asked } = service({ pods, cpu: both, memory: both });
    await expectBoth(metrics);
    expect(asked).toEqual([
      'sum(cpu{namespace=~"billing|shop",pod=~"a|b"}) by (namespace,pod,container)',
      'sum(mem{namespace=~"billing|shop",pod=~"a|b"}) by (namespace,pod,container)',
    ]);
  });

  const answersWithoutNamespaces: Pick<Surroundings, 'cpu' | 'memory'> = {
    cpu: (query) => vector([{ pod: 'a', ...main }, query.includes('"shop"') ? 2 : 1]),
    memory: () => vector([{ pod: 'a', ...main }, 1]),
  };

  async function expectBoth(metrics: ReturnType<typeof service>['metrics']): Promise<void> {
    const found = await metrics.pods({ namespace: undefined, ...everything });
    expect(found.map(({ object, containers }) => [object, containers[0]?.usage.cpu])).toEqual([
      [pod('billing', 'a'), 1000n],
      [pod('shop', 'a'), 2000n],
    ]);
  }

  it('need a query per namespace if a rule does not group by it', async () => {
    const { metrics, asked } = service({
      pods,
      rules: { grouping: 'pod, container' },
      ...answersWithoutNamespaces,
    });
    await expectBoth(metrics);
    expect(asked.filter((query) => query.includes('cpu')).slice(1)).toEqual([
      'sum(cpu{namespace="billing",pod="a"}) by (pod, container)',
      'sum(cpu{namespace="shop",pod=~"a|b"}) by (pod, container)',
    ]);
  });

  it('need a query per namespace if a rule uses `.LabelValuesByName`', async () => {
    const matchers =
      'namespace="<<.LabelValuesByName.namespace>>",pod=~"<<.LabelValuesByName.pod>>"';
    const { metrics, asked } = service({
      pods,
      rules: { matchers },
      ...answersWithoutNamespaces,
    });
    await expectBoth(metrics);
    expect(asked.filter((query) => query.includes('cpu'))).toEqual([
      'sum(cpu{namespace="billing",pod=~"a"}) by (pod,container)',
      'sum(cpu{namespace="shop",pod=~"a|b"}) by (pod,container)',
    ]);
  });

  it('are not named individually if there are many', async () => {
    const many = Array.from({ length: 101 }, (_, i) => pod(`ns-${i}`, `pod-${i}`));
    const { metrics, asked } = service({ pods: many, cpu: () => vector(), memory: () => vector() });
    expect(await metrics.pods({ namespace: undefined, ...everything })).toEqual([]);
    expect(asked[0]).toBe('sum(cpu{namespace!="",pod!=""}) by (namespace,pod,container)');
  });

  it('are filtered by fields before the query', async () => {
    const { metrics, asked, listed } = service({ pods, cpu: both, memory: both });
    const select = (text: string) =>
      metrics.pods({
        namespace: undefined,
        selector: [],
        fields: parseFieldSelector(text, selectableFields),
      });
    expect(await select('metadata.namespace=shop,metadata.name!=b')).toHaveLength(1);
    expect(asked[0]).toBe('sum(cpu{namespace="shop",pod="a"}) by (pod,container)');
    expect(listed[0]).toMatchObject({ namespace: 'shop', name: undefined });
    expect(await select('metadata.name=a,metadata.name=b')).toEqual([]);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['metadata.namespace=billing', []],
    ['metadata.namespace==billing,metadata.name=a', []],
    ['metadata.namespace!=shop', []],
    ['metadata.namespace=shop', ['a', 'b']],
    ['metadata.namespace!=billing', ['a', 'b']],
    ['metadata.name!=a', ['b']],
  ])('of one namespace stay in it for any field selector: %s', async (text, names) => {
    const { metrics } = service({ pods, cpu: own, memory: own });
    const found = await metrics.pods({
      namespace: 'shop',
      selector: [],
      fields: parseFieldSelector(text, selectableFields),
    });
    expect(found.map(({ object }) => objectKey(object))).toEqual(
      names.map((name) => `shop/${name}`),
    );
  });

  it.each([
    ['the last', [{ pod: 'a' }, { namespace: 'billing', pod: 'a' }]],
    ['the first', [{ namespace: 'billing', pod: 'a' }, { pod: 'a' }]],
  ])('need a query per namespace if only %s sample has a namespace', async (_which, mixed) => {
    const labels: readonly Labels[] = mixed;
    const { metrics, asked } = service({
      pods,
      cpu: (query) =>
        query.includes('billing|shop')
          ? vector(...labels.map((each) => [{ ...each, ...main }, 7] as const))
          : answersWithoutNamespaces.cpu(query),
      memory: both,
    });
    await expectBoth(metrics);
    expect(asked.filter((query) => query.includes('cpu'))).toHaveLength(3);
  });

  it('need one query even if a sample has no pod', async () => {
    const { metrics, asked, summaries } = service({
      pods,
      cpu: () => {
        const { samples } = samplesIn(both());
        return { type: 'vector', samples: [...samples, ...samplesIn(vector([{}, 1])).samples] };
      },
      memory: both,
    });
    await expectBoth(metrics);
    expect(asked).toHaveLength(2);
    expect(summaries.map(({ leftOut }) => leftOut)).toEqual([new Map([['label_missing', 1]])]);
  });
});

describe('the report of a response', () => {
  it('has pods without CPU or memory, and samples without a pod', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `p${index}`);
    const usage = (from: number, to: number) =>
      names.slice(from, to).map((name) => [{ pod: name, ...main }, 1] as const);
    const { metrics, summaries } = service({
      pods: names.map((name) => pod('shop', name)),
      cpu: () => vector(...usage(0, 4), [{ pod: 'p0', ...main }, 3], [{}, 1]),
      memory: () => vector(...usage(0, 3), ...usage(4, 5), [{}, 1], [{}, 2]),
    });
    const found = await metrics.pods({ namespace: 'shop', ...everything });
    expect(found).toHaveLength(3);
    expect(summaries).toEqual([
      {
        api: 'resource',
        metric: 'pods',
        namespace: 'shop',
        queries: [
          expect.stringContaining('sum(cpu{namespace="shop"'),
          expect.stringContaining('sum(mem{namespace="shop"'),
        ],
        samples: 12,
        leftOut: new Map([
          ['label_missing', 3],
          ['several_for_one_object', 1],
        ]),
        objects: {
          requested: 9,
          missing: {
            count: 6,
            names: ['shop/p3', 'shop/p4', 'shop/p5', 'shop/p6', 'shop/p7'],
            without: { cpu: 5, memory: 5 },
          },
        },
      },
    ]);
  });

  it('counts the unused samples of nodes', async () => {
    const usage = vector([{ node: 'n1' }, 1], [{ node: 'n1' }, 2], [{ node: 'n2' }, 1]);
    const { metrics, summaries } = service({
      nodes: [node('n1'), node('n2'), node('n3')],
      cpu: () => usage,
      memory: () => usage,
    });
    await metrics.nodes(everything);
    expect(summaries).toMatchObject([
      {
        metric: 'nodes',
        namespace: undefined,
        samples: 6,
        leftOut: new Map([['several_for_one_object', 2]]),
        objects: { requested: 3, missing: { count: 1, names: ['n3'] } },
      },
    ]);
    expect(await metrics.node({ name: 'n1' })).toMatchObject({ usage: { cpu: 1000n } });
  });

  it('adds up the results of namespaces with a query each, eight at a time', async () => {
    const pods = Array.from({ length: 20 }, (_, index) => pod(`ns-${index}`, 'a'));
    const answer = () => vector([{ pod: 'a', ...main }, 1], [{}, 1]);
    const { metrics, asked, summaries, mostAtOnce } = service({
      pods,
      rules: { matchers: 'namespace="<<.LabelValuesByName.namespace>>"' },
      cpu: answer,
      memory: answer,
    });
    expect(await metrics.pods({ namespace: undefined, ...everything })).toHaveLength(20);
    expect(asked).toHaveLength(40);
    // For CPU and for memory.
    expect(mostAtOnce()).toBe(16);
    expect(summaries).toMatchObject([
      { samples: 80, leftOut: new Map([['label_missing', 40]]), queries: asked.slice(0, 2) },
    ]);
  });

  it.each([
    [100, 100, /^sum\(cpu\{namespace=~"ns-0\|.*",pod=~"p-0\|/],
    [101, 100, /^sum\(cpu\{namespace=~"ns-0\|[^"]*",pod!=""\}\)/],
    [101, 101, /^sum\(cpu\{namespace!="",pod!=""\}\)/],
  ])('names up to 100 of %i pods and of %i namespaces', async (count, namespaces, query) => {
    const pods = Array.from({ length: count }, (_, i) => pod(`ns-${i % namespaces}`, `p-${i}`));
    const { metrics, asked } = service({ pods, cpu: () => vector(), memory: () => vector() });
    await metrics.pods({ namespace: undefined, ...everything });
    expect(asked[0]).toMatch(query);
  });
});

describe('nodes', () => {
  it('have the first of several samples, and both CPU and memory', async () => {
    const { metrics, asked } = service({
      nodes: [node('a'), node('b')],
      cpu: () => vector([{ node: 'a' }, 2, 7], [{ node: 'a' }, 3], [{ node: 'b' }, 1]),
      memory: () => vector([{ node: 'a' }, 1.5]),
    });
    expect(await metrics.nodes(everything)).toEqual([
      {
        object: node('a'),
        timestamp: 7,
        window: 60_000,
        usage: { cpu: 2000n, memory: 1500n },
      },
    ]);
    expect(asked).toEqual([
      'sum(cpu_n{node=~"a|b"}) by (node)',
      'sum(mem_n{node=~"a|b"}) by (node)',
    ]);
  });
});

describe('a missing object', () => {
  it('is distinguished from an object without samples', async () => {
    const { metrics, asked } = service({
      pods: [pod('shop', 'a')],
      nodes: [node('n')],
      cpu: () => vector(),
      memory: () => vector(),
    });
    await expect(metrics.pod({ namespace: 'shop', name: 'x' })).rejects.toThrow(
      'pods "x" not found',
    );
    await expect(metrics.node({ name: 'x' })).rejects.toThrow('node "x" not found');
    expect(asked).toEqual([]);
    await expect(metrics.pod({ namespace: 'shop', name: 'a' })).rejects.toThrow(
      'podmetrics.metrics.k8s.io "shop/a" not found',
    );
    await expect(metrics.node({ name: 'n' })).rejects.toThrow(
      'nodemetrics.metrics.k8s.io "n" not found',
    );
  });
});

describe('failures', () => {
  const pods = [pod('billing', 'a'), pod('shop', 'a')];
  const fine = () => vector([{ namespace: 'shop', pod: 'a', ...main }, 1]);

  it.each([
    ['CPU', { cpu: () => new Error('connect ECONNREFUSED 10.0.0.1'), memory: fine }],
    ['memory', { cpu: fine, memory: () => new Error('timeout') }],
    [
      'CPU, a scalar,',
      { cpu: () => ({ type: 'scalar', value: 1, timestamp: 1 }) as const, memory: fine },
    ],
  ])('of the query for %s do not return an incomplete list', async (_, answers) => {
    const { metrics, asked } = service({ pods, ...answers });
    await expect(metrics.pods({ namespace: undefined, ...everything })).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to fetch metrics',
    });
    expect(asked).toHaveLength(2);
  });

  it('of the list of objects show errors of the client only', async () => {
    for (const [error, expected] of [
      [
        new Error('secret'),
        { reason: 'InternalError', message: 'unable to list matching resources' },
      ],
      [
        new MetricsError('BadRequest', 'invalid selector'),
        { reason: 'BadRequest', message: 'invalid selector' },
      ],
    ] as const) {
      const { metrics } = service({ pods: error, cpu: fine, memory: fine });
      await expect(metrics.pods({ namespace: 'shop', ...everything })).rejects.toMatchObject(
        expected,
      );
    }
  });
});

describe('the memory of large results', () => {
  const memory = () => vector([{ pod: 'a', ...main }, 1]);

  it('is released when a result is read, while the other query is in flight', async () => {
    let cpuSignal: AbortSignal | undefined;
    const { metrics } = service({
      pods: [pod('shop', 'a')],
      cpu: () => vector([{ pod: 'a', ...main }, 1]),
      memory,
      async onQuery(promql, signal) {
        if (promql.includes('cpu')) cpuSignal = signal;
        else await new Promise((resolve) => cpuSignal?.addEventListener('abort', resolve));
      },
    });
    const { signal } = new AbortController();
    expect(await metrics.pods({ namespace: 'shop', signal, ...everything })).toHaveLength(1);
  });

  it('is limited', async () => {
    const { metrics } = service({
      pods: [pod('shop', 'a')],
      cpu: () =>
        vector(
          ...Array.from({ length: 331 }, (_, i) => [{ pod: 'a', container: `${i}` }, 1] as const),
        ),
      memory,
    });
    await expect(metrics.pods({ namespace: 'shop', ...everything })).rejects.toMatchObject({
      cause: new Error(
        'the result has more than 330 samples for 1 objects: aggregate by (<<.GroupBy>>)',
      ),
    });
  });

  it('is used by large requests one at a time, while small ones are served', async () => {
    const pods = ['x', 'y'].flatMap((namespace) =>
      Array.from({ length: 15_000 }, (_, i) => pod(namespace, `p${i}`)),
    );
    const usage = () => vector([{ pod: 'p1', ...main }, 1]);
    const { metrics, asked } = service({ pods, cpu: usage, memory: usage });
    const [first, second] = [new AbortController(), new AbortController()];
    const pair = [first, second].map(({ signal }, i) =>
      metrics.pods({ namespace: i === 0 ? 'x' : 'y', signal, ...everything }),
    );
    await pair[0];
    await metrics.pod({ namespace: 'x', name: 'p1' });
    expect(asked.filter((query) => query.includes('"y"'))).toEqual([]);
    first.abort('the response is made');
    await pair[1];
    expect(asked.filter((query) => query.includes('"y"'))).toHaveLength(2);
  });
});

describe('the list of objects', () => {
  const usage = () => vector([{ pod: 'a', node: 'n', ...main }, 1]);
  const surroundings = {
    pods: [pod('shop', 'a')],
    nodes: [node('n')],
    cpu: usage,
    memory: usage,
  };
  const mapper = builtinResourceMapper();
  const { signal } = new AbortController();
  const selector = parseLabelSelector('app=shop');
  const fields = parseFieldSelector('metadata.namespace=shop,metadata.name=a', selectableFields);

  it('depends on the request and its fields', async () => {
    const { metrics, listed } = service(surroundings);
    const onePod = { namespace: 'shop', name: 'a' };
    expect(await metrics.pod({ ...onePod, signal })).toMatchObject({ object: pod('shop', 'a') });
    await metrics.pods({ namespace: undefined, selector, fields, signal });
    expect(await metrics.node({ name: 'n', signal })).toMatchObject({ object: node('n') });
    await metrics.nodes({ selector, fields, signal });
    const pods = { resource: mapper.find('', 'pods'), ...onePod, signal };
    const nodes = { resource: mapper.find('', 'nodes'), namespace: undefined, signal };
    expect(listed).toEqual([
      { ...pods, selector: [] },
      { ...pods, selector },
      { ...nodes, name: 'n', selector: [] },
      { ...nodes, name: 'a', selector },
    ]);
  });

  it('is empty without objects, and no query is sent', async () => {
    const { metrics, asked, summaries } = service({ ...surroundings, pods: [], nodes: [] });
    expect(await metrics.pods({ namespace: undefined, ...everything })).toEqual([]);
    expect(await metrics.nodes(everything)).toEqual([]);
    expect(asked).toEqual([]);
    expect(summaries).toEqual([]);
  });

  it('is filtered by fields in time slices', async () => {
    const nodes = Array.from({ length: 10 }, (_, i) => node(`n${i}`));
    const { metrics } = service({ ...surroundings, nodes });
    const none = parseFieldSelector('metadata.namespace=none', selectableFields);
    const select = () => metrics.nodes({ selector: [], fields: none });
    expect(await turnsDuring('still', select)).toBe(0);
    expect(await turnsDuring('fast', select)).toBe(9);
  });
});

describe('many objects', () => {
  const none = () => vector();
  const pods = Array.from({ length: 101 }, (_, i) => pod('shop', `p${i}`));
  const nodes = Array.from({ length: 101 }, (_, i) => node(`n${i}`));

  it('are not named if there are more than 100', async () => {
    const { metrics, asked } = service({ pods, nodes, cpu: none, memory: none });
    await metrics.pods({ namespace: 'shop', ...everything });
    await metrics.nodes(everything);
    expect(asked).toEqual([
      'sum(cpu{namespace="shop",pod!=""}) by (pod,container)',
      'sum(mem{namespace="shop",pod!=""}) by (pod,container)',
      'sum(cpu_n{node!=""}) by (node)',
      'sum(mem_n{node!=""}) by (node)',
    ]);
  });

  it('are processed in time slices', async () => {
    const pods = ['shop', 'bank'].flatMap((namespace) =>
      Array.from({ length: 5 }, (_, i) => pod(namespace, `p${i}`)),
    );
    const usage = vector(
      ...pods.map(
        ({ name, namespace = '' }) => [{ pod: name, namespace, container: 'main' }, 1] as const,
      ),
    );
    const { metrics } = service({ pods, cpu: () => usage, memory: () => usage });
    const get = () => metrics.pods({ namespace: undefined, ...everything });
    expect(await get()).toHaveLength(10);
    expect(await turnsDuring('still', get)).toBe(0);
    // For CPU and for memory 10 pods to be grouped, 10 lists, and 10 samples; 10 pods in the end.
    expect(await turnsDuring('fast', get)).toBe(2 * (10 + 10 + 10) + 10 - 1);
  });
});

describe('the queries', () => {
  const none = () => vector();

  it('name the pods of several namespaces in order, each name once', async () => {
    const { metrics, asked } = service({
      pods: [pod('bank', 'b'), pod('bank', 'c'), pod('shop', 'a'), pod('shop', 'b')],
      cpu: none,
      memory: none,
    });
    await metrics.pods({ namespace: undefined, ...everything });
    expect(asked[0]).toContain('namespace=~"bank|shop",pod=~"a|b|c"');
  });

  it('do not group by container if the rules have no label for it', async () => {
    const { metrics, asked } = service({
      pods: [pod('shop', 'a')],
      cpu: () => vector([{ pod: 'a' }, 1]),
      memory: () => vector([{ pod: 'a' }, 2]),
      rules: { containerLabel: '' },
    });
    expect(await metrics.pods({ namespace: 'shop', ...everything })).toMatchObject([
      { containers: [{ name: '', usage: { cpu: 1000n, memory: 2000n } }] },
    ]);
    expect(asked[0]).toBe('sum(cpu{namespace="shop",pod="a"}) by (pod)');
  });

  it('are sent with the options of the request', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { metrics } = service({
      nodes: [node('n')],
      cpu: none,
      memory: none,
      async onQuery(_promql, signal) {
        signals.push(signal);
      },
    });
    const { signal } = new AbortController();
    await metrics.nodes({ ...everything, signal });
    expect(signals.map((each) => each?.aborted)).toEqual([true, true]);
    expect(signal.aborted).toBe(false);
  });

  it('have at most 30 samples per requested object and 300 more', async () => {
    const ofA = (count: number) =>
      vector(
        [{ pod: 'other', ...main }, 1],
        ...Array.from({ length: count }, (_, i) => [{ pod: 'a', container: `${i}` }, 1] as const),
      );
    const get = (count: number) =>
      service({
        pods: [pod('shop', 'a'), pod('shop', 'b')],
        cpu: () => ofA(count),
        memory: () => ofA(1),
      }).metrics.pods({ namespace: 'shop', ...everything });
    const [found] = await get(360);
    expect(found?.containers).toHaveLength(360);
    await expect(get(361)).rejects.toMatchObject({ reason: 'InternalError' });
  });
});

describe('failures outside of Prometheus', () => {
  const none = () => vector();
  const objects = { pods: [pod('shop', 'a')], nodes: [node('n')] };
  const surroundings = { ...objects, cpu: none, memory: none };
  const ofPods = { namespace: 'shop', ...everything };

  it('report that the rules were removed', async () => {
    const { metrics } = service({ ...surroundings, compiled: () => undefined });
    await expect(metrics.pods(ofPods)).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'the rules for resource metrics were removed',
    });
  });

  it('log that the cluster is not discovered yet', async () => {
    const { metrics } = service({ ...surroundings, mapper: createResourceMapper([]) });
    await expect(metrics.pods(ofPods)).rejects.toMatchObject({
      message: 'unable to list matching resources',
      cause: new Error('discovery of the cluster has not found pods yet'),
    });
    await expect(metrics.nodes(everything)).rejects.toMatchObject({
      cause: new Error('discovery of the cluster has not found nodes yet'),
    });
  });

  it.each(['namespaces', 'pods'])('log that no label maps to %s', async (kind) => {
    const labels = ['namespace', 'pod', 'node'].filter((label) => `${label}s` !== kind);
    const { metrics } = service({ ...surroundings, rules: { labels } });
    await expect(metrics.pods(ofPods)).rejects.toMatchObject({
      reason: 'InternalError',
      message: 'unable to fetch metrics',
      cause: new Error(
        `resourceRules: no label maps to ${kind}: expected an override or a template`,
      ),
    });
  });

  it('log why the query of a rule cannot be generated', async () => {
    const rules = {
      matchers: '<<slice .LabelMatchers 0 5000>>',
      nodeMatchers: '<<slice .LabelMatchers 0 5000>>',
    };
    const { metrics } = service({ ...surroundings, rules });
    for (const failing of [metrics.pods(ofPods), metrics.nodes(everything)]) {
      await expect(failing).rejects.toMatchObject({
        reason: 'InternalError',
        message: 'unable to fetch metrics',
        cause: expect.any(QueryError),
      });
    }
  });

  it('are rethrown if they are unexpected', async () => {
    const fault = new Error('out of luck');
    const { cpu, ...others } = resourceRules();
    const nodeQuery = {
      ...cpu.nodeQuery,
      for: () => {
        throw fault;
      },
    };
    const compiled = () => ({ ...others, cpu: { ...cpu, nodeQuery } });
    const { metrics } = service({ ...surroundings, compiled });
    await expect(metrics.nodes(everything)).rejects.toBe(fault);
  });

  it('keep their causes for the log', async () => {
    const error = new Error('secret');
    const unlisted = service({ ...surroundings, pods: error });
    await expect(unlisted.metrics.pods(ofPods)).rejects.toMatchObject({ cause: error });
    const scalar = { type: 'scalar', value: 1, timestamp: 1 } as const;
    const { metrics } = service({ ...surroundings, cpu: () => scalar });
    await expect(metrics.nodes(everything)).rejects.toMatchObject({
      cause: new Error(
        'the query returned a scalar, expected an instant vector: sum(cpu_n{node="n"}) by (node)',
      ),
    });
  });
});

it('does not use infinities of either sign', async () => {
  const { metrics, summaries } = service({
    nodes: [node('n')],
    cpu: () => vector([{ node: 'n' }, Number.NEGATIVE_INFINITY]),
    memory: () => vector([{ node: 'n' }, Number.POSITIVE_INFINITY]),
  });
  expect(await metrics.nodes(everything)).toMatchObject([
    { usage: { cpu: undefined, memory: undefined } },
  ]);
  expect(summaries).toMatchObject([{ leftOut: new Map([['infinite', 2]]) }]);
});

describe('large requests', () => {
  const none = () => vector();
  const large = (count: number) => Array.from({ length: count }, (_, i) => node(`n${i}`));

  /** The number of queries of two requests for this number of nodes while the first one is in progress. */
  async function askedAtOnce(count: number): Promise<number> {
    const { metrics, asked } = service({ nodes: large(count), cpu: none, memory: none });
    const controllers = [new AbortController(), new AbortController()];
    const [first, second] = controllers.map(({ signal }) =>
      metrics.nodes({ ...everything, signal }),
    );
    await first;
    await new Promise(setImmediate);
    const { length } = asked;
    for (const controller of controllers) controller.abort();
    await second?.catch(() => undefined);
    return length / 2;
  }

  it('of more than 20,000 objects together wait for one another', async () => {
    expect(await askedAtOnce(10_000)).toBe(2);
    expect(await askedAtOnce(10_001)).toBe(1);
  });

  it('are those of more than 1,000 objects: others do not wait', async () => {
    const sizes = { x: 20_000, y: 1_000, z: 1_001 };
    const pods = Object.entries(sizes).flatMap(([namespace, size]) =>
      Array.from({ length: size }, (_, i) => pod(namespace, `p${i}`)),
    );
    const { metrics, asked } = service({ pods, cpu: none, memory: none });
    const { signal } = new AbortController();
    await metrics.pods({ namespace: 'x', signal, ...everything });
    await metrics.pods({ namespace: 'y', signal, ...everything });
    const gone = new AbortController();
    const waiting = metrics.pods({ namespace: 'z', signal: gone.signal, ...everything });
    await new Promise(setImmediate);
    expect(asked).toHaveLength(4);
    gone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });

  it('do not wait for a request without a signal', async () => {
    const { metrics, asked } = service({ nodes: large(20_000), cpu: none, memory: none });
    await metrics.nodes(everything);
    await metrics.nodes(everything);
    expect(asked).toHaveLength(4);
  });
});
