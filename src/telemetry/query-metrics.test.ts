import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { queryMetrics } from './query-metrics.ts';

it('tells what the sharing of queries saves and takes, from the beginning on', async () => {
  const registry = new Registry();
  const metrics = queryMetrics(registry, 'our_');
  const samples = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('our_'));
  expect(await samples()).toHaveLength(10);
  expect(await samples()).toContain('our_queries_total{scope="all",answered="joined"} 0');
  metrics.queryNeeded('own', 'asked');
  metrics.queryNeeded('all', 'joined');
  metrics.queryNeeded('all', 'joined');
  metrics.answersKept('all', 3, 900);
  metrics.answersKept('all', 2, 600);
  expect((await samples()).filter((line) => !line.endsWith(' 0'))).toEqual([
    'our_queries_total{scope="own",answered="asked"} 1',
    'our_queries_total{scope="all",answered="joined"} 2',
    'our_kept_answers{scope="all"} 2',
    'our_kept_answers_bytes{scope="all"} 600',
  ]);
});
