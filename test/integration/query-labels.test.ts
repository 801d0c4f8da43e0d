import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningPrometheus } from '../../scripts/parts/prometheus.ts';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { PrometheusError } from '../../src/prometheus/errors.ts';
import { distinguishingLabels } from '../../src/promql/distinguishing-labels.ts';
import { lostLabel } from '../../src/promql/lost-label.ts';
import { startPrometheusWith } from '../fixtures/real-servers.ts';
import { compiledRule } from '../fixtures/rules.ts';
import { history, NAMESPACES, PODS, templateArbitrary, WORLDS } from './query-sharing-series.ts';

const NOW = Math.floor(Date.now() / 1000) - 60;
const WANTED = new Set(['pod', 'namespace']);

let server: RunningPrometheus;
let client: PrometheusClient;

beforeAll(async () => {
  server = await startPrometheusWith(history(NOW));
  client = createPrometheusClient({ url: server.url });
});

afterAll(async () => {
  client?.close();
  await server?.stop();
});

/** The labels of all samples; none where Prometheus cannot evaluate the query. */
async function resultOf(promql: string): Promise<readonly Readonly<Record<string, string>>[]> {
  try {
    const answer = await client.query(promql, { time: NOW });
    return answer.type === 'vector' ? [...answer.samples].map(({ labels }) => labels) : [];
  } catch (error) {
    if (error instanceof PrometheusError && error.kind === 'bad_query') return [];
    throw error;
  }
}

it('no two samples have the same distinguishing labels, and none has a lost one', async () => {
  const seen = { samples: 0, several: 0, lost: 0 };
  await fc.assert(
    fc.asyncProperty(
      templateArbitrary,
      fc.constantFrom('$', 'or', 'or on (pod)', 'and', '* on (pod) group_left ()'),
      templateArbitrary,
      fc.nat(WORLDS - 1),
      fc.constantFrom(...NAMESPACES),
      fc.uniqueArray(fc.constantFrom(...PODS), { minLength: 1 }),
      fc.constantFrom('', '', '', 'sum', 'max by (namespace)', 'min without (pod)', '-', 'sort'),
      async (left, operator, right, world, namespace, names, around) => {
        const inner = operator === '$' ? left : `(${left}) ${operator} (${right})`;
        const both = around === '' ? inner : `${around} (${inner})`;
        const promql = compiledRule({ metricsQuery: both.replaceAll('_W', `_${world}`) }).query.for(
          {
            series: 'unused',
            selector: [],
            namespace: { label: 'namespace', value: namespace },
            objects: { label: 'pod', names },
            groupBy: ['pod'],
          },
        );
        const samples = await resultOf(promql);
        const apart = distinguishingLabels(promql, WANTED);
        if (apart !== undefined && apart !== 'any') {
          const keys = samples.map((labels) =>
            [...apart].map((name) => labels[name] ?? '').join('\n'),
          );
          expect(new Set(keys).size, promql).toBe(keys.length);
          seen.samples += keys.length;
          seen.several += apart.isSubsetOf(WANTED) ? 0 : 1;
        }
        if (lostLabel(promql, 'pod') === undefined) return;
        expect(
          samples.filter(({ pod }) => pod !== undefined),
          promql,
        ).toEqual([]);
        seen.lost += samples.length;
      },
    ),
    { numRuns: 400, seed: 11 },
  );
  // Enough of each kind, or else this would show nothing.
  expect(seen.samples).toBeGreaterThan(100);
  expect(seen.several).toBeGreaterThan(5);
  expect(seen.lost).toBeGreaterThan(5);
}, 120_000);
