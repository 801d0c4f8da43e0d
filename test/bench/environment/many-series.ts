import { join } from 'node:path';
import { backfill } from '../../../scripts/parts/backfill.ts';
import { ensurePrometheus } from '../../../scripts/parts/prometheus.ts';

/** Names of metrics: those that discovery is to find. */
const METRICS = 200;
const NAMESPACES = 40;

/** How old the samples are, in seconds, when they are written. */
const AGE = 30;

/** The rules that find all of them, with nothing that the reference adapter lacks. */
export const manySeriesRules = JSON.stringify({
  rules: [
    {
      seriesQuery: '{__name__=~"^app_.*",namespace!="",pod!=""}',
      resources: {
        overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } },
      },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)',
    },
  ],
});

/**
 * Writes a database with so many series, one sample each, of 200 metrics of pods.
 *
 * @returns its directory
 */
export async function backfillSeries(directory: string, count: number): Promise<string> {
  const dataDir = join(directory, 'data');
  const { promtool } = await ensurePrometheus();
  await backfill(promtool, dataDir, openMetrics(count));
  return dataDir;
}

/** About 200 bytes of JSON for each, as kube-prometheus' are. */
function openMetrics(count: number): string {
  const seconds = Math.floor(Date.now() / 1000) - AGE;
  const pods = Math.ceil(count / METRICS);
  const lines = Array.from({ length: METRICS }, (_, metric) => {
    const name = `app_metric_${String(metric).padStart(3, '0')}`;
    const ofPods = Array.from({ length: Math.min(pods, count - metric * pods) }, (_, pod) => {
      const labels = podLabels(pod);
      return `${name}{${labels}} ${metric + pod} ${seconds}\n`;
    });
    return `# TYPE ${name} gauge\n${ofPods.join('')}`;
  });
  return `${lines.join('')}# EOF\n`;
}

function podLabels(pod: number): string {
  const number = String(pod).padStart(5, '0');
  const address = `10.${(pod >> 16) & 255}.${(pod >> 8) & 255}.${pod & 255}`;
  return [
    `namespace="team-${pod % NAMESPACES}"`,
    `pod="web-${number}-6d4cf56db6-x7k2p"`,
    'container="web"',
    `instance="${address}:8080"`,
    'job="web"',
    'endpoint="metrics"',
  ].join(',');
}
