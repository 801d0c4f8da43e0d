import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPrometheusClient,
  type PrometheusClient,
} from '../../src/prometheus/client/client.ts';
import { readConfiguration } from '../../src/sources/file/configuration.ts';
import {
  prometheusServer,
  type RunningServer,
  victoriaMetricsServer,
} from '../fixtures/real-servers.ts';
import { recordedClusterMapper } from '../golden/cluster-mapper.ts';
import { startGoldenServer } from '../golden/prometheus-data.ts';
import { configNames, readData } from '../golden/recorded-cases.ts';
import { discoveryRound } from './discovery-round.ts';

const mapper = recordedClusterMapper();

const servers = await Promise.all([
  prometheusServer('2.42'),
  prometheusServer('3.5'),
  victoriaMetricsServer('1.112'),
  victoriaMetricsServer('1.145'),
]);

describe.each(servers)('$name', (kind) => {
  if (kind.isMissing) return test.skip('its package cannot be fetched', () => undefined);
  let server: RunningServer;
  let client: PrometheusClient;

  beforeAll(async () => {
    server = await startGoldenServer(kind);
    client = createPrometheusClient({ url: server.url });
  });

  afterAll(async () => {
    client?.close();
    await server?.stop();
  });

  describe('the recorded configurations, over the recorded series', () => {
    const seen = { served: 0 };

    test.each(configNames)('%s: the same catalog by labels and by series', async (name) => {
      const { configuration: rules } = readConfiguration(name, readData(`configs/${name}.yaml`), {
        mapper,
        checkPromql: true,
        unknownResource: 'warning',
      });
      if (rules === undefined) throw new Error('a configuration that is refused');
      const start = Date.now() / 1000 - 600;
      const round = (mode: 'labels' | 'series') =>
        discoveryRound({ source: client, rules, mapper, mode, start });
      const [byLabels, bySeries] = [await round('labels'), await round('series')];
      expect(byLabels.served).toEqual(bySeries.served);
      const failing = ({ outcomes }: typeof byLabels) =>
        outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.seriesQuery] : []));
      expect(failing(byLabels)).toEqual(failing(bySeries));
      seen.served += byLabels.served.length;
    });

    test('are metrics of many kinds', () => {
      expect(seen.served).toBeGreaterThan(200);
    });
  });
});
