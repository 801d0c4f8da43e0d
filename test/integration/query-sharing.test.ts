import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createCustomMetrics } from '../../src/metrics/custom.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { PrometheusError } from '../../src/prometheus/errors.ts';
import type { QueryOrigin, QueryRunner } from '../../src/prometheus/query.ts';
import { prometheusServers } from '../../src/prometheus/servers.ts';
import { share } from '../../src/prometheus/sharing/share.ts';
import { MOST_NAMES } from '../../src/prometheus/sharing/short-query.ts';
import type { CompiledRule } from '../../src/rules/rule.ts';
import { builtCatalog } from '../fixtures/catalog.ts';
import { answeredRequests } from '../fixtures/prometheus-requests.ts';
import {
  prometheusServer,
  type RunningServer,
  startPrometheusWith,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { isAlike } from './almost-equal.ts';
import { history, NAMESPACES, PODS, templateArbitrary, WORLDS } from './query-sharing-series.ts';

const NOW = Math.floor(Date.now() / 1000) - 60;

/** 300 pods, seven or eight in each of 40 namespaces, for a round of 300 autoscalers. */
const FLEET = Array.from({ length: 300 }, (_, index) => ({
  namespace: `team-${index % 40}`,
  pod: `web-${index}`,
}));

function fleetHistory(): string {
  return FLEET.flatMap(({ namespace, pod }, index) =>
    ['a', 'b'].flatMap((container) =>
      [120, 60, 0].map(
        (age) =>
          `fleet_load{namespace="${namespace}",pod="${pod}",container="${container}"} ${index / 8} ${NOW - age}`,
      ),
    ),
  ).join('\n');
}

let server: RunningPrometheus;
let client: PrometheusClient;

beforeAll(async () => {
  server = await startPrometheusWith(`${fleetHistory()}\n${history(NOW)}`);
  client = createPrometheusClient({ url: server.url });
});

afterAll(async () => {
  client?.close();
  await server?.stop();
});

/** A server at one moment, so that all requests get the same. */
function atOneMomentOf(asker: PrometheusClient): QueryRunner {
  return {
    query: (promql, { signal }) => asker.query(promql, { time: NOW, ...(signal && { signal }) }),
  };
}

const atOneMoment: QueryRunner = {
  query: (promql, options) => atOneMomentOf(client).query(promql, options),
};

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.145'),
]);

function sharing(runner: QueryRunner, maxAge = 60_000): QueryRunner {
  return share(runner, { maxAgeMs: maxAge });
}

interface Wanted {
  readonly namespace: string;
  readonly names: readonly string[];
}

function originOf(rule: CompiledRule, { namespace, names }: Wanted): QueryOrigin {
  return {
    rule,
    request: {
      series: 'unused',
      selector: [],
      namespace: { label: 'namespace', value: namespace },
      objects: { label: 'pod', names },
      groupBy: ['pod'],
    },
  };
}

/** As numbers, NaN after all of them. */
function ordered(x: number, y: number): number {
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || x - y || 0;
}

/** The values by object, or the failure, of a request. */
async function outcome(runner: QueryRunner, origin: QueryOrigin): Promise<unknown> {
  const promql = origin.rule.query.for(origin.request);
  try {
    const answer = await runner.query(promql, { origin });
    if (answer.type !== 'vector') return answer.type;
    const names = new Set(origin.request.objects?.names);
    return [...answer.samples]
      .map(({ labels, value, timestamp }) => [labels.pod, value, timestamp] as const)
      .filter(([name]) => name !== undefined && names.has(name))
      .sort(([a = '', x], [b = '', y]) => (a === b ? ordered(x, y) : a < b ? -1 : 1));
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return error.kind;
  }
}

describe.each(servers)('$name', ({ start, isMissing }) => {
  let running: RunningServer | undefined;
  let asker: PrometheusClient | undefined;

  beforeAll(async () => {
    running = isMissing ? undefined : await start(history(NOW));
    asker = running && createPrometheusClient({ url: running.url });
  });

  afterAll(async () => {
    asker?.close();
    await running?.stop();
  });

  const oneMoment: QueryRunner = {
    query(promql, options) {
      if (asker === undefined) throw new Error('the server is not there');
      return atOneMomentOf(asker).query(promql, options);
    },
  };

  test.skipIf(isMissing)(
    'shared and unshared answers are the same for series, queries and requests of all kinds',
    () => expectEqualAnswers(oneMoment),
    120_000,
  );

  test.skipIf(isMissing)(
    'queries without the names of many objects give the values of those with the names',
    () => expectEqualWithoutNames(oneMoment),
    120_000,
  );
});

/** Compares the results of shared queries with those of single queries. */
async function expectEqualAnswers(atThatMoment: QueryRunner): Promise<void> {
  const seen = { shared: 0, samples: 0, exact: 0 };
  const wantedArbitrary = fc.record<Wanted>({
    namespace: fc.constantFrom(...NAMESPACES, 'empty'),
    names: fc.uniqueArray(fc.constantFrom(...PODS, 'gone'), { minLength: 1 }),
  });
  const distinct = fc.uniqueArray(wantedArbitrary, {
    minLength: 4,
    maxLength: 6,
    selector: ({ namespace, names }) => `${namespace}/${names.toSorted().join()}`,
  });
  await fc.assert(
    fc.asyncProperty(
      templateArbitrary,
      fc.nat(WORLDS - 1),
      distinct,
      async (template, world, all) => {
        const metricsQuery = template.replaceAll('_W', `_${world}`);
        const rule = compiledRule({ metricsQuery });
        const origins = all.map((wanted) => originOf(rule, wanted));
        const asked: string[] = [];
        const counted: QueryRunner = {
          query: (promql, options) => {
            asked.push(promql);
            return atThatMoment.query(promql, options);
          },
        };
        const ask = (runner: QueryRunner) =>
          Promise.all(origins.map((origin) => outcome(runner, origin)));
        let [alone, together] = [await ask(atThatMoment), await ask(sharing(counted))];
        // Prometheus adds floats in an order that changes, and some queries make much of that.
        for (let again = 0; again < 5 && !isAlike(alone, together); again += 1) {
          [alone, together] = [await ask(atThatMoment), await ask(sharing(counted))];
        }
        if (!isAlike(alone, together)) expect(together).toEqual(alone);
        const own = new Set(origins.map(({ request }) => rule.query.for(request)));
        if (asked.every((promql) => own.has(promql))) seen.exact += 1;
        else {
          seen.shared += 1;
          seen.samples += together.flat().length;
        }
      },
    ),
    { numRuns: 200, seed: 5 },
  );
  // Enough of either kind, or else this would show nothing.
  expect(seen.shared).toBeGreaterThan(40);
  expect(seen.exact).toBeGreaterThan(40);
  expect(seen.samples).toBeGreaterThan(100);
}

/** So many names that a query for all of them is long. */
const ABSENT = Array.from({ length: MOST_NAMES }, (_, index) => `absent-${index}`);

/** Compares what long requests get from short queries with what those with all names give. */
async function expectEqualWithoutNames(atThatMoment: QueryRunner): Promise<void> {
  const seen = { short: 0, long: 0, samples: 0 };
  const names = fc.uniqueArray(fc.constantFrom(...PODS), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(
      templateArbitrary,
      fc.nat(WORLDS - 1),
      fc.constantFrom(...NAMESPACES),
      names,
      async (template, world, namespace, some) => {
        const rule = compiledRule({ metricsQuery: template.replaceAll('_W', `_${world}`) });
        const origin = originOf(rule, { namespace, names: [...some, ...ABSENT] });
        const asked: string[] = [];
        const counted: QueryRunner = {
          query: (promql, options) => {
            asked.push(promql);
            return atThatMoment.query(promql, options);
          },
        };
        const ask = async () => [
          await outcome(atThatMoment, origin),
          await outcome(sharing(counted, 0), origin),
        ];
        let [long, short] = await ask();
        for (let again = 0; again < 5 && !isAlike(long, short); again += 1) {
          [long, short] = await ask();
        }
        if (!isAlike(long, short)) expect(short).toEqual(long);
        if (asked[0] === rule.query.for(origin.request)) seen.long += 1;
        else {
          expect(asked[0]).not.toContain('absent-0');
          seen.short += 1;
          seen.samples += Array.isArray(short) ? short.length : 0;
        }
      },
    ),
    { numRuns: 200, seed: 11 },
  );
  expect(seen.short).toBeGreaterThan(40);
  expect(seen.long).toBeGreaterThan(40);
  expect(seen.samples).toBeGreaterThan(20);
}

/** How many instant queries Prometheus has answered. */
function queriesAnswered(): Promise<number> {
  return answeredRequests(server.url, '/api/v1/query');
}

/** The custom metric `fleet_load` of pods, by a rule, over a runner. */
async function fleetMetrics(metricsQuery: string, queries: QueryRunner) {
  const mapper = builtinResourceMapper();
  const rule = compiledRule({
    seriesQuery: 'fleet_load',
    overrides: { namespace: 'namespace', pod: 'pod' },
    metricsQuery,
  });
  const labels = new Set(['namespace', 'pod', 'container']);
  const { catalog } = await builtCatalog(
    { custom: [rule], external: [] },
    new Map([['fleet_load', new Map([['fleet_load', labels]])]]),
    mapper,
  );
  const metrics = createCustomMetrics({
    catalog: () => catalog,
    mapper: () => mapper,
    objects: { list: () => Promise.reject(new Error('every request has a name')) },
    servers: prometheusServers(queries),
    onAnswer: () => undefined,
  });
  const get = ({ namespace, pod }: (typeof FLEET)[number]) =>
    metrics.get({
      resource: 'pods',
      namespace,
      name: pod,
      metric: 'fleet_load',
      selector: [],
      metricSelector: [],
    });
  return { get, round: () => Promise.all(FLEET.map(get)) };
}

describe('Prometheus counts', () => {
  test('at most 5 queries for 300 requests in 40 namespaces, with the same values', async () => {
    const byPod = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    const before = await queriesAnswered();
    const together = await (await fleetMetrics(byPod, sharing(atOneMoment, 1000))).round();
    const between = await queriesAnswered();
    expect(between - before).toBeLessThanOrEqual(5);
    const alone = await (await fleetMetrics(byPod, atOneMoment)).round();
    expect((await queriesAnswered()) - between).toBe(300);
    expect(together).toEqual(alone);
    expect(together.at(-1)).toMatchObject([
      { describedObject: { name: 'web-299' }, timestamp: NOW, value: '74750m' },
    ]);
  });

  test('one query for each distinct request of a rule that is not separable', async () => {
    const chosen = 'topk(1, sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>))';
    const fleet = await fleetMetrics(chosen, sharing(atOneMoment));
    const before = await queriesAnswered();
    const [first, second] = await Promise.all([fleet.round(), fleet.round()]);
    expect((await queriesAnswered()) - before).toBe(300);
    expect(first).toEqual(second);
    expect(first).toEqual(await (await fleetMetrics(chosen, atOneMoment)).round());
  });

  test('one query for each request when sharing is off in the rule', async () => {
    const rule = compiledRule({ metricsQuery: 'fleet_load{<<.LabelMatchers>>}', sharing: false });
    const origin = originOf(rule, { namespace: 'team-0', names: ['web-0'] });
    const runner = sharing(atOneMoment);
    const before = await queriesAnswered();
    await Promise.all([outcome(runner, origin), outcome(runner, origin)]);
    expect((await queriesAnswered()) - before).toBe(2);
  });

  test('a query over all that fails because of one object leaves the others theirs', async () => {
    const failing = `sum by (pod) (
      fleet_load{<<.LabelMatchers>>}
        * on (namespace, pod) sum by (namespace, pod, container) (fleet_load{<<.LabelMatchers>>,pod="web-0"})
      or fleet_load{<<.LabelMatchers>>}
    )`;
    const { get } = await fleetMetrics(failing, sharing(atOneMoment));
    const before = await queriesAnswered();
    const round = await Promise.allSettled(FLEET.slice(0, 9).map(get));
    expect(round.map(({ status }) => status)).toEqual(['rejected', ...Array(8).fill('fulfilled')]);
    // Nine of their own and the one over all.
    expect((await queriesAnswered()) - before).toBe(10);
  });
});
