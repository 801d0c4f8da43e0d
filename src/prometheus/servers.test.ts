import { describe, expect, it } from 'vitest';
import { compiledRule } from '../../test/fixtures/rules.ts';
import type { QueryAnswer, QueryOptions, QueryRunner } from './query.ts';
import { prometheusServers } from './servers.ts';
import { share } from './sharing/share.ts';

/** A server on which every sample has this value, with the queries that it got. */
function server(value: number) {
  const queries: string[] = [];
  const client: QueryRunner = {
    async query(promql): Promise<QueryAnswer> {
      queries.push(promql);
      const samples = ['a', 'b', 'c', 'd'].map((pod) => ({
        labels: { namespace: 'shop', pod },
        value,
        timestamp: 1,
      }));
      return { type: 'vector', samples };
    },
  };
  return { queries, shared: share(client, { maxAgeMs: 60_000, now: () => 0 }) };
}

const rule = compiledRule({ metricsQuery: 'sum by (<<.GroupBy>>) (x{<<.LabelMatchers>>})' });

function requestFor(pod: string): readonly [promql: string, options: QueryOptions] {
  const request = {
    series: 'x',
    selector: [],
    namespace: { label: 'namespace', value: 'shop' },
    objects: { label: 'pod', names: [pod] },
    groupBy: ['pod'],
  };
  return [rule.query.for(request), { origin: { rule, request } }];
}

async function valuesOf(runner: QueryRunner, pod: string): Promise<readonly number[]> {
  const answer = await runner.query(...requestFor(pod));
  if (answer.type !== 'vector') throw new Error(answer.type);
  return [...answer.samples].filter(({ labels }) => labels.pod === pod).map(({ value }) => value);
}

describe('two servers with different values for the same PromQL', () => {
  it('do not share results, of single queries or of queries for all objects', async () => {
    const [one, two] = [server(1), server(2)];
    const servers = prometheusServers(one.shared, new Map([['two', two.shared]]));
    for (const pod of ['a', 'a', 'b', 'c', 'd', 'd']) {
      expect(await valuesOf(servers.get(undefined), pod)).toEqual([1]);
      expect(await valuesOf(servers.get('default'), pod)).toEqual([1]);
      expect(await valuesOf(servers.get('two'), pod)).toEqual([2]);
    }
    // Fewer queries than requests: results were reused, and queries for all objects were sent.
    expect(one.queries.length).toBeLessThan(12);
    expect(two.queries.length).toBeLessThan(6);
  });
});

it('lists the default server first, and rejects unknown names', () => {
  const servers = prometheusServers(1, new Map([['two', 2]]));
  expect(servers.names).toEqual(['default', 'two']);
  expect(() => servers.get('three')).toThrow(
    'there is no Prometheus server with the name "three"; expected one of default, two',
  );
});
