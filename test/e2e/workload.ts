import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback } from '../../scripts/parts/listen.ts';
import type { Kubectl } from './kubectl.ts';

const LOOKUP_MS = 300;

/** One series: its metric, its labels, and its value or how fast it counts. */
export type Series = {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
} & ({ readonly value: number } | { readonly perSecond: number });

/** The series of the pods of the tests. */
export interface Workload {
  /** `host:port`, to be scraped at `/metrics` with `honor_labels`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves, in place of the pods of a cluster without nodes, what they would expose. Series come and
 * go with the pods that the cluster has at the time of the scrape; counters go on from where they
 * were.
 *
 * @param series which there are now
 */
export async function startWorkload(series: () => readonly Series[]): Promise<Workload> {
  const counters = createCounters();
  const server = createServer((_, response) => {
    response.end(
      series()
        .map((one) => expositionLine(one, counters))
        .join(''),
    );
  });
  const port = await listenOnLoopback(server);
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/**
 * A configuration of Prometheus that scrapes a workload at this interval in seconds. A scrape may take no
 * longer than that, and one that fails takes all series away: a second is too short where an answer
 * has to be there at any moment.
 */
export function scrapeConfig({ address }: Workload, seconds: number): string {
  const job = {
    job_name: 'workload',
    // The labels identify the pod of a series, as with service discovery.
    honor_labels: true,
    scrape_interval: `${seconds}s`,
    static_configs: [{ targets: [address] }],
  };
  // JSON is YAML.
  return JSON.stringify({ scrape_configs: [job] });
}

/** The names of the pods of a Deployment that run. */
export async function runningPods(
  kubectl: Kubectl,
  namespace: string,
  app: string,
): Promise<readonly string[]> {
  const names = await kubectl.run(
    'get',
    'pods',
    `--namespace=${namespace}`,
    `--selector=app=${app}`,
    '--field-selector=status.phase=Running',
    '--output=jsonpath={.items[*].metadata.name}',
  );
  return names === '' ? [] : names.split(' ');
}

/** The pods of a Deployment that run, as far as is known. */
export interface FollowedPods {
  readonly names: readonly string[];
  stop(): Promise<void>;
}

/** Polls the pods, since a scrape must not wait for that. */
export function followRunningPods(kubectl: Kubectl, namespace: string, app: string): FollowedPods {
  const ending = new AbortController();
  let names: readonly string[] = [];
  const following = (async () => {
    while (!ending.signal.aborted) {
      // While the API server is away the pods stay what they were.
      names = await runningPods(kubectl, namespace, app).catch(() => names);
      await sleep(LOOKUP_MS);
    }
  })();
  return {
    get names() {
      return names;
    },
    async stop() {
      ending.abort();
      await following;
    },
  };
}

type Counters = (name: string, perSecond: number) => number;

/** Counters that increase by their current speed with each read. */
function createCounters(): Counters {
  const counters = new Map<string, { value: number; at: number }>();
  return (name, perSecond) => {
    const at = performance.now();
    const before = counters.get(name) ?? { value: 0, at };
    const value = before.value + (perSecond * (at - before.at)) / 1000;
    counters.set(name, { value, at });
    return value;
  };
}

function expositionLine(one: Series, counters: Counters): string {
  const labels = Object.entries(one.labels).map(
    ([name, value]) => `${name}=${JSON.stringify(value)}`,
  );
  const name = `${one.metric}{${labels.join(',')}}`;
  return `${name} ${'value' in one ? one.value : counters(name, one.perSecond)}\n`;
}
