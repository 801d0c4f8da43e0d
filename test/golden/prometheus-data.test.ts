import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prometheusServer, type RunningServer } from '../fixtures/real-servers.ts';
import { parseSeries, startGoldenServer, toOpenMetrics } from './prometheus-data.ts';
import { type PrometheusRecording, parseRecording } from './prometheus-replay.ts';
import { configNames, readData } from './recorded-cases.ts';

describe('parseSeries', () => {
  it('accepts series with and without labels, and recognizes counters', () => {
    const text = '# a note\n# TYPE a_total counter\na_total{x="y z"} 2.5\n\nb 1e+06\n';
    expect(parseSeries(text)).toEqual([
      { series: 'a_total{x="y z"}', value: '2.5', isCounter: true },
      { series: 'b', value: '1e+06', isCounter: false },
    ]);
  });

  it('names the line that is no sample', () => {
    expect(() => parseSeries('a 1\nb{ 2\n')).toThrow('line 2');
    expect(() => parseSeries('a 1 1700000000\n')).toThrow('line 1');
  });
});

describe('toOpenMetrics', () => {
  it('increases counters and does not change other series', () => {
    const series = parseSeries('# TYPE a counter\na{l="1"} 0.5\nb NaN\n');
    expect(toOpenMetrics(series, { from: 1_700_000_010, to: 1_700_000_020, step: 10 })).toBe(
      [
        'a{l="1"} 5 1700000010',
        'a{l="1"} 10 1700000020',
        'b NaN 1700000010',
        'b NaN 1700000020',
        '# EOF',
        '',
      ].join('\n'),
    );
  });
});

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('2.53'),
  prometheusServer('3.5'),
]);

describe.each(servers)('$name with the data of the golden cases', (server) => {
  let prometheus: RunningServer;

  beforeAll(async () => {
    prometheus = await startGoldenServer(server);
  });
  afterAll(async () => {
    await prometheus?.stop();
  });

  const all = parseSeries(readData('series.prom'));

  async function query(promql: string): Promise<Map<string, string>> {
    const url = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(promql)}`;
    const answer = await (await fetch(url)).json();
    if (!isVectorAnswer(answer)) throw new Error(`${promql}: ${JSON.stringify(answer)}`);
    const samples = answer.data.result;
    return new Map(samples.map(({ metric, value }) => [seriesText(metric), value[1]]));
  }

  it('holds exactly the series of the file, now, with their values', async () => {
    const held = await query('{__name__=~".+"}');
    const gauges = all.filter(({ isCounter }) => !isCounter);
    expect(new Set(held.keys())).toEqual(new Set(all.map(({ series }) => canonical(series))));
    for (const { series, value } of gauges) {
      const found = held.get(canonical(series));
      expect(Number(found?.replace('Inf', 'Infinity')), series).toBe(
        Number(value.replace('Inf', 'Infinity')),
      );
    }
  });

  it.each(['30s', '2m', '5m'])('has counters that grow by their number (%s)', async (window) => {
    const counters = all.filter(({ isCounter }) => isCounter);
    expect(counters).not.toHaveLength(0);
    for (const { series, value } of counters) {
      const rates = await query(`rate(${series}[${window}])`);
      const rate = Number(rates.get(canonical(series).replace(/^[^{]*/, '')));
      expect(Math.abs(rate - Number(value)), `${series}: ${rate}`).toBeLessThan(
        1e-9 * Math.max(1, Number(value)),
      );
    }
  });

  it.each(configNames.filter((config) => recordingOf(config).query.length > 0))(
    'answers the requests of the reference with %s as the Prometheus of the recordings',
    async (config) => {
      for (const { query: promql, status, body } of recordingOf(config).query) {
        const answer = await fetch(
          `${prometheus.url}/api/v1/query?query=${encodeURIComponent(promql)}`,
        );
        expect(answer.status, promql).toBe(status);
        expect(comparable(await answer.json()), promql).toEqual(comparable(body));
      }
    },
  );
});

function recordingOf(config: string): PrometheusRecording {
  return parseRecording(readData(`prom/${config}.json`));
}

/**
 * An answer without the parts that depend on the time, the version of Prometheus or its order: vectors by
 * labels, values to eight digits, of errors their kind, of ranges that they are.
 */
function comparable(answer: unknown): unknown {
  if (isVectorAnswer(answer)) {
    const samples = answer.data.result.map(({ metric, value }): [string, string] => [
      seriesText(metric),
      toEightDigits(value[1]),
    ]);
    return Object.fromEntries(samples);
  }
  const text = JSON.stringify(answer);
  if (text.includes('"status":"error"')) return /"errorType":"\w+"/.exec(text)?.[0];
  if (text.includes('"resultType":"matrix"')) return 'a range';
  return text.replace(/"result":\[[\d.]+,/, '"result":[0,');
}

function toEightDigits(value: string): string {
  return Number.isFinite(Number(value)) ? String(Number(Number(value).toPrecision(8))) : value;
}

interface VectorAnswer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

const isVectorAnswer = new Ajv().compile<VectorAnswer>({
  type: 'object',
  required: ['status', 'data'],
  properties: {
    status: { const: 'success' },
    data: {
      type: 'object',
      required: ['resultType', 'result'],
      properties: {
        resultType: { const: 'vector' },
        result: {
          type: 'array',
          items: {
            type: 'object',
            required: ['metric', 'value'],
            properties: {
              metric: { type: 'object', additionalProperties: { type: 'string' }, required: [] },
              value: {
                type: 'array',
                items: [{ type: 'number' }, { type: 'string' }],
                minItems: 2,
                additionalItems: false,
              },
            },
          },
        },
      },
    },
  },
});

/** A series with its labels sorted, as the answer of Prometheus names it. */
function seriesText({ __name__: name = '', ...labels }: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}{${pairs.sort().join(',')}}`;
}

/** The same out of exposition text. Labels without a value are none. */
function canonical(series: string): string {
  const name = /^[^{]*/.exec(series)?.[0] ?? '';
  const pairs = [...series.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(
    ([, key = '', value = '""']): [string, string] => [key, String(JSON.parse(value))],
  );
  return seriesText({
    ...Object.fromEntries(pairs.filter(([, value]) => value !== '')),
    __name__: name,
  });
}
