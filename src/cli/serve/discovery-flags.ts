import { flag, MAX_TIMER_MS } from '../flag.ts';

/** The rules file and the discovery of metrics. */
export const discoveryFlags = {
  config: flag.string({
    name: 'config',
    kind: 'file',
    default: '',
    help: 'The rules file (YAML). Required. It is watched: a valid change is active without a restart, an invalid one is rejected and logged.',
  }),
  configPollInterval: flag.duration({
    name: 'config-poll-interval',
    default: 60_000,
    to: MAX_TIMER_MS,
    from: 0,
    help: 'How often the rules file is polled in addition to the watch, for file systems without change notifications. 0: no polling.',
  }),
  checkPromql: flag.bool({
    name: 'check-promql',
    default: true,
    help: 'Parse the queries of every rule as PromQL when the rules file is loaded. Turn it off for servers with another dialect, such as MetricsQL.',
  }),
  relistInterval: flag.duration({
    name: 'metrics-relist-interval',
    default: 600_000,
    from: 1,
    to: MAX_TIMER_MS,
    help: 'How often the series in Prometheus are discovered. It should not be shorter than the scrape interval.',
  }),
  maxAge: flag.duration({
    name: 'metrics-max-age',
    default: 0,
    from: 0,
    help: 'Series without a sample for this long are ignored. Must be at least --metrics-relist-interval. 0: the same as that.',
  }),
  relistConcurrency: flag.int({
    name: 'relist-concurrency',
    default: 4,
    from: 1,
    to: 1000,
    help: 'The maximum number of concurrent discovery requests.',
  }),
  discovery: flag.oneOf({
    name: 'discovery',
    words: ['auto', 'labels', 'series'],
    default: 'auto',
    help: 'How series are discovered. `series`: all series with all their labels, from /api/v1/series. `labels`: the names of the series, and of those with each required label, from the label endpoints with match[]; this needs about a thousandth of the bytes. `auto`: `labels` if the server supports it (Prometheus 2.24, Thanos, Mimir, VictoriaMetrics), which is checked at every relist.',
  }),
  standalone: flag.bool({
    name: 'standalone',
    default: false,
    help: 'Run without a Kubernetes cluster, for trials: serves on the loopback interface only and without authentication, with the built-in resources, and takes the names of objects from the metrics.',
  }),
};
