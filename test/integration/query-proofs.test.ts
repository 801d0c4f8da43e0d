// Compares the proofs of separability and of lost labels with the results of Prometheus.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { PrometheusError } from '../../src/prometheus/errors.ts';
import { lostLabel } from '../../src/promql/lost-label.ts';
import type { QueryRequest } from '../../src/rules/query.ts';
import { type SharedQuery, shareQuery } from '../../src/rules/shared-query.ts';
import { prometheusServer, type RunningServer } from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { isAlike } from './almost-equal.ts';
import { history, NAMESPACES, PODS, templateArbitrary, WORLDS } from './query-sharing-series.ts';

const NOW = Math.floor(Date.now() / 1000) - 60;

const PAIRS = NAMESPACES.flatMap((namespace) => PODS.map((pod) => ({ namespace, pod })));

/** Templates that are proved separable in one run of the test. */
const SEPARABLE = 300;

const servers = await Promise.all([prometheusServer('2.42'), prometheusServer('3.5')]);

function requestFor({ namespace, pod }: (typeof PAIRS)[number]): QueryRequest {
  return {
    series: 'unused',
    selector: [],
    namespace: { label: 'namespace', value: namespace },
    objects: { label: 'pod', names: [pod] },
    groupBy: ['pod'],
  };
}

interface Proved {
  readonly template: string;
  readonly shared: SharedQuery;
  /** The query for each of `PAIRS` alone. */
  readonly own: readonly string[];
}

/** A template and its proof; undefined if it is not separable. */
function proved(template: string): Proved | undefined {
  const { query } = compiledRule({ metricsQuery: template });
  const requests = PAIRS.map(requestFor);
  const [first] = requests;
  const shared = first && shareQuery(query, first).shared;
  return shared && { template, shared, own: requests.map((request) => query.for(request)) };
}

const separable: fc.Arbitrary<Proved> = fc
  .tuple(templateArbitrary, fc.nat(WORLDS - 1))
  .map(([template, world]) => proved(template.replaceAll('_W', `_${world}`)))
  .filter((found) => found !== undefined);

const LABELS = ['pod', 'namespace', 'container', 'tier', 'le'];

/** The query of any template for one of `PAIRS`. */
const expanded: fc.Arbitrary<string> = fc
  .tuple(templateArbitrary, fc.nat(WORLDS - 1), fc.constantFrom(...PAIRS))
  .map(([template, world, pair]) => {
    const { query } = compiledRule({ metricsQuery: template.replaceAll('_W', `_${world}`) });
    return query.for(requestFor(pair));
  });

describe.each(servers)('proofs about a query, with $name', (server) => {
  let running: RunningServer;
  let client: PrometheusClient;

  beforeAll(async () => {
    running = await server.start(history(NOW));
    client = createPrometheusClient({ url: running.url });
  });

  afterAll(async () => {
    client?.close();
    await running?.stop();
  });

  /** The samples at one moment; undefined where the query fails. */
  async function samplesOf(promql: string) {
    try {
      const answer = await client.query(promql, { time: NOW });
      return answer.type === 'vector' ? [...answer.samples] : undefined;
    } catch (error) {
      if (error instanceof PrometheusError) return undefined;
      throw error;
    }
  }

  /** The values of each of `PAIRS`, from the query over all; undefined where that fails. */
  async function valuesOverAll({ shared }: Proved) {
    const samples = await samplesOf(shared.promql);
    return (
      samples &&
      PAIRS.map(({ namespace, pod }) =>
        samples
          .filter(({ labels }) => labels.pod === pod && labels.namespace === namespace)
          .map(({ value }) => value),
      )
    );
  }

  /** The values of each of `PAIRS`, from its own query. */
  async function ownValues({ own }: Proved) {
    const all = await Promise.all(own.map(samplesOf));
    return all.map((samples, index) => {
      // Without the label a sample would belong to no object.
      expect(samples?.filter(({ labels }) => labels.pod === undefined) ?? []).toEqual([]);
      return samples
        ?.filter(({ labels }) => labels.pod === PAIRS[index]?.pod)
        .map(({ value }) => value);
    });
  }

  test('of a separable one, each object gets one value at most: that of its own query', async () => {
    const seen = { answered: 0, values: 0 };
    await fc.assert(
      fc.asyncProperty(separable, async (query) => {
        let overAll = await valuesOverAll(query);
        // One object can make the query over all fail: then each object has its own query.
        if (overAll === undefined) return;
        let own = await ownValues(query);
        // Prometheus adds floats in varying order, and some queries amplify the difference.
        for (let again = 0; again < 5 && !isAlike(own, overAll); again += 1) {
          overAll = (await valuesOverAll(query)) ?? [];
          own = await ownValues(query);
        }
        if (!isAlike(own, overAll)) {
          expect({ query: query.template, values: overAll }).toEqual({
            query: query.template,
            values: own,
          });
        }
        expect(overAll.filter((values) => values.length > 1)).toEqual([]);
        seen.answered += 1;
        seen.values += overAll.flat().length;
      }),
      { numRuns: SEPARABLE, interruptAfterTimeLimit: 45_000 },
    );
    // Enough of either, or else this would show nothing.
    expect(seen.answered).toBeGreaterThan(20);
    expect(seen.values).toBeGreaterThan(50);
  }, 90_000);

  test('no sample has a label that is proved lost', async () => {
    let seen = 0;
    await fc.assert(
      fc.asyncProperty(expanded, fc.constantFrom(...LABELS), async (promql, label) => {
        if (lostLabel(promql, label) === undefined) return;
        const samples = (await samplesOf(promql)) ?? [];
        const having = samples.filter(({ labels }) => labels[label] !== undefined);
        expect({ promql, label, having }).toEqual({ promql, label, having: [] });
        seen += samples.length;
      }),
      { numRuns: 1000, interruptAfterTimeLimit: 30_000 },
    );
    expect(seen).toBeGreaterThan(50);
  }, 60_000);
});
