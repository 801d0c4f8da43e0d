import { describe, expect, it } from 'vitest';
import { chooseWay } from './discovery-strategy.ts';
import type { DiscoveryRequests } from './series-source.ts';

/** A server that answers a selector which matches nothing with these names and labels. */
function server(names: readonly string[] | Error | string, labels: readonly string[] = []) {
  const asked: string[] = [];
  const ask: DiscoveryRequests = {
    series: () => Promise.reject(new Error('no series are needed')),
    async labels(match) {
      asked.push(match);
      return labels;
    },
    async names(match) {
      asked.push(match);
      if (!Array.isArray(names)) throw names;
      return names;
    },
  };
  return { ask, asked };
}

const refuses = () => true;

describe('chooseWay', () => {
  it('sends no probe if a flag sets the way', async () => {
    for (const mode of ['series', 'labels'] as const) {
      const { ask, asked } = server([]);
      expect(await chooseWay(mode, ask, refuses)).toEqual({
        way: mode,
        why: 'it is what --discovery asks for',
      });
      expect(asked).toEqual([]);
    }
  });

  it.each([
    ['labels', 'chooses', [], []],
    ['series', 'does not choose', ['up'], []],
    ['series', 'does not choose', [], ['job']],
    ['series', 'does not choose', ['up'], ['job']],
  ] as const)(
    'is by %s where the server %s by a selector: %j, %j',
    async (way, does, names, labels) => {
      const { ask, asked } = server(names, labels);
      expect(await chooseWay('auto', ask, refuses)).toEqual({
        way,
        why: `the server ${does} labels and their values by a selector`,
      });
      const nothing = 'prom_metrics_adapter_probe{probe="this",probe="that"}';
      expect(asked).toEqual([nothing, nothing]);
    },
  );

  it.each([
    [new Error('HTTP 404'), 'HTTP 404'],
    ['text', 'text'],
  ])('is by series if the server rejects the probe: %s', async (failure, reason) => {
    expect(await chooseWay('auto', server(failure).ask, refuses)).toEqual({
      way: 'series',
      why: `the server refused to choose label values: ${reason}`,
    });
  });

  it('fails with an error that is not about what the server supports', async () => {
    const down = new Error('down');
    await expect(chooseWay('auto', server(down).ask, () => false)).rejects.toBe(down);
  });
});
