import { expect, it } from 'vitest';
import { discoveryRequests, type SeriesSource } from './series-source.ts';

it('sends all requests of a relist with its time and its signal', async () => {
  const asked: unknown[] = [];
  const source: SeriesSource = {
    async seriesLabelNames(...request) {
      asked.push(request);
      return new Map();
    },
    async labelNames(...request) {
      asked.push(request);
      return [];
    },
    async labelValues(...request) {
      asked.push(request);
      return [];
    },
  };
  const { signal } = new AbortController();
  const ask = discoveryRequests(source, { start: 7, concurrency: 1, signal });
  await Promise.all([ask.series('a'), ask.labels('b'), ask.names('c')]);
  expect(asked).toEqual([
    ['a', { start: 7 }, { signal }],
    [['b'], { start: 7 }, { signal }],
    ['__name__', ['c'], { start: 7 }, { signal }],
  ]);
});
