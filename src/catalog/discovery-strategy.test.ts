import { describe, expect, it } from 'vitest';
import { PrometheusError } from '../prometheus/errors.ts';
import { chooseStrategy } from './discovery-strategy.ts';
import type { DiscoveryRequests } from './series-source.ts';

/** A server that returns these names and labels for a selector that matches nothing. */
function server(names: readonly string[] | Error, labels: readonly string[] = []) {
  const asked: string[] = [];
  const ask: DiscoveryRequests = {
    series: () => Promise.reject(new Error('no series are needed')),
    async labels(match) {
      asked.push(match);
      return labels;
    },
    async names(match) {
      asked.push(match);
      if (names instanceof Error) throw names;
      return names;
    },
  };
  return { ask, asked };
}

describe('chooseStrategy', () => {
  it('sends no probe if a flag sets the strategy', async () => {
    for (const mode of ['series', 'labels'] as const) {
      const { ask, asked } = server([]);
      expect(await chooseStrategy(mode, ask)).toEqual({
        strategy: mode,
        why: 'set by --discovery',
      });
      expect(asked).toEqual([]);
    }
  });

  it.each([
    ['labels', 'apply', [], []],
    ['series', 'ignore', ['up'], []],
    ['series', 'ignore', [], ['job']],
    ['series', 'ignore', ['up'], ['job']],
  ] as const)(
    'is by %s if label endpoints %s selectors: %j, %j',
    async (strategy, verb, names, labels) => {
      const { ask, asked } = server(names, labels);
      expect(await chooseStrategy('auto', ask)).toEqual({
        strategy,
        why: `the label endpoints of the server ${verb} selectors`,
      });
      const nothing = 'prom_metrics_adapter_probe{probe="this",probe="that"}';
      expect(asked).toEqual([nothing, nothing]);
    },
  );

  it.each([
    [new PrometheusError('bad_answer', 'HTTP 404'), 'HTTP 404'],
    [new PrometheusError('unavailable', 'HTTP 501', { status: 501 }), 'HTTP 501'],
  ])('is by series if the server rejects the probe: %s', async (failure, reason) => {
    expect(await chooseStrategy('auto', server(failure).ask)).toEqual({
      strategy: 'series',
      why: `the server rejected a request with a selector to its label endpoints: ${reason}`,
    });
  });

  it('fails with an error that does not concern the supported requests', async () => {
    const down = new PrometheusError('unavailable', 'down', { status: 503 });
    await expect(chooseStrategy('auto', server(down).ask)).rejects.toBe(down);
  });
});
