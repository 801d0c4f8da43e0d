import { flag, LONGEST_TIMER } from '../flag.ts';

/** The rules file, and finding out which metrics there are. */
export const discoveryFlags = {
  config: flag.string({
    name: 'config',
    kind: 'file',
    default: '',
    help: 'The rules file (YAML). Required. It is watched: a good edit is served without a restart, a bad one is refused and logged.',
  }),
  configPollInterval: flag.duration({
    name: 'config-poll-interval',
    default: 60_000,
    to: LONGEST_TIMER,
    from: 0,
    help: 'How often the rules file is looked at besides watching it, for file systems that tell of no changes. 0 turns this off.',
  }),
  checkPromql: flag.bool({
    name: 'check-promql',
    default: true,
    help: 'Parse the queries of every rule when the rules file is loaded. Turn it off for a backend with a dialect of its own, such as MetricsQL.',
  }),
  relistInterval: flag.duration({
    name: 'metrics-relist-interval',
    default: 600_000,
    from: 1,
    to: LONGEST_TIMER,
    help: "How often Prometheus is asked which series there are. Should be no shorter than Prometheus's scrape interval.",
  }),
  maxAge: flag.duration({
    name: 'metrics-max-age',
    default: 0,
    from: 0,
    help: 'Series without a sample for this long do not count as existing. Must not be less than --metrics-relist-interval; 0 means the same as that.',
  }),
  relistConcurrency: flag.int({
    name: 'relist-concurrency',
    default: 4,
    from: 1,
    to: 1000,
    help: 'How many requests of one relist Prometheus gets at the same time.',
  }),
  discovery: flag.oneOf({
    name: 'discovery',
    words: ['auto', 'labels', 'series'],
    default: 'auto',
    help: 'How Prometheus is asked which series there are. `series`: for all of them with all their labels, by /api/v1/series. `labels`: for their names, and for the names of those that have a label that matters, by the label endpoints with match[]; a thousandth of the bytes. `auto`: by labels where the server can do it (Prometheus 2.24, Thanos, Mimir, VictoriaMetrics), which is tried at every relist.',
  }),
  standalone: flag.bool({
    name: 'standalone',
    default: false,
    help: 'Try it without a Kubernetes cluster: serves on the loopback interface only, knows the built-in kinds of objects, takes the names of objects from the metrics, and authenticates nobody.',
  }),
};
