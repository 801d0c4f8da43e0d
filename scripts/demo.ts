// Shows the main job on this machine: a web app counts its requests, a real Prometheus scrapes it,
// and the adapter answers the very request that a HorizontalPodAutoscaler makes.
//
//   node scripts/demo.ts          keeps running until Ctrl-C
//   node scripts/demo.ts --once   shows the same and ends, with exit code 0 if it worked
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { writeKubeconfig } from './demo/kubeconfig.ts';
import { sendTraffic } from './demo/traffic.ts';
import { startWebApp, type WebApp } from './demo/web-app.ts';
import { freePort } from './parts/free-port.ts';
import { ensureKubectl } from './parts/kubectl.ts';
import { startProcess } from './parts/process.ts';
import { startPrometheus } from './parts/prometheus.ts';

const root = path.join(import.meta.dirname, '..');
const rulesFile = path.join(root, 'examples/nginx/rules.yaml');
const namespace = 'default';
const metric = 'nginx_http_requests_total';
const api = '/apis/custom.metrics.k8s.io/v1beta2';
const podsPath = `${api}/namespaces/${namespace}/pods/%2A/${metric}`;

const run = promisify(execFile);
const cleanups: (() => Promise<void> | void)[] = [];
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
});

function say(text: string): void {
  console.log(text);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  try {
    await Promise.race([show(values.once), interrupted]);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function show(once: boolean): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'prom-metrics-adapter-demo-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));

  const pods = await startPods();
  say(`web app:    ${pods.length} "pods" that count their requests as ${metric}`);
  const prometheusUrl = await scrape(pods);
  say(`Prometheus: ${prometheusUrl} scrapes them every second`);
  const { server, certificateFile } = await startAdapter(directory, prometheusUrl);
  say(`adapter:    ${server} with the rules of examples/nginx/rules.yaml`);

  const kubeconfig = path.join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, server, certificateFile);
  const kubectl = await ensureKubectl();
  const ask = (target: string) => getRaw(kubectl, kubeconfig, target);

  say('\nThe metrics that autoscalers can use now (kubectl get --raw):');
  await untilListed(() => ask(api));
  say(`\nThe request of an autoscaler for all pods of the namespace "${namespace}":\n`);
  say(`  ${kubectl} --kubeconfig ${kubeconfig} get --raw '${podsPath}'\n`);
  say(
    'Requests are sent to the first pod at 5 a second, then at 40 (values: rate of the last minute):\n',
  );
  await watchValues(pods, () => ask(podsPath));

  say('\nThe same with curl:\n');
  say(`  curl --cacert ${certificateFile} '${server}${podsPath}'\n`);
  const { stdout } = await run('curl', [
    '--silent',
    '--show-error',
    '--fail',
    '--cacert',
    certificateFile,
    `${server}${podsPath}`,
  ]).catch(curlMissing);
  say(stdout);
  if (once) return;
  say('\nAll of it keeps running: try the commands above, edit examples/nginx/rules.yaml.');
  say('Ctrl-C ends it.');
  await interrupted;
}

async function startPods(): Promise<readonly WebApp[]> {
  const pods = [await startWebApp(), await startWebApp()];
  for (const pod of pods) cleanups.push(() => pod.close());
  return pods;
}

/** A Prometheus with the labels that kube-prometheus gives to the series of pods. */
async function scrape(pods: readonly WebApp[]): Promise<string> {
  const targets = pods.map(({ address }, index) => ({
    targets: [address],
    labels: { namespace, pod: `nginx-${index}`, service: 'nginx' },
  }));
  const scrapeConfig = { job_name: 'nginx', scrape_interval: '1s', static_configs: targets };
  // JSON is YAML.
  const config = JSON.stringify({ scrape_configs: [scrapeConfig] });
  const prometheus = await startPrometheus({ config });
  cleanups.push(() => prometheus.stop());
  return prometheus.url;
}

async function startAdapter(
  directory: string,
  prometheusUrl: string,
): Promise<{ server: string; certificateFile: string }> {
  const port = await freePort();
  const adapter = await startProcess({
    name: 'prom-metrics-adapter',
    command: process.execPath,
    args: [
      path.join(root, 'dist/main.js'),
      '--standalone',
      `--config=${rulesFile}`,
      `--prometheus-url=${prometheusUrl}`,
      `--secure-port=${port}`,
      `--cert-dir=${directory}`,
      '--metrics-relist-interval=2s',
      '--metrics-max-age=1m',
    ],
    isReady: (output) => /\bserving\b.*\bport\b/.test(output),
  });
  cleanups.push(() => adapter.stop());
  return {
    server: `https://127.0.0.1:${port}`,
    certificateFile: path.join(directory, 'apiserver.crt'),
  };
}

async function getRaw(kubectl: string, kubeconfig: string, target: string): Promise<unknown> {
  const { stdout } = await run(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', target]);
  return JSON.parse(stdout);
}

/** Shows the discovery document once the metric is in it: that takes a scrape and a relist. */
async function untilListed(discovery: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const document = JSON.stringify(await discovery(), undefined, 2);
    if (document.includes(`pods/${metric}`)) {
      say(document.replaceAll(/^/gm, '  '));
      return;
    }
    await sleep(500);
  }
  throw new Error(`${metric} was not listed within 30 seconds`);
}

/** Prints the value of the first pod every few seconds; fails unless the traffic moves it. */
async function watchValues(pods: readonly WebApp[], values: () => Promise<unknown>): Promise<void> {
  const [first] = pods;
  if (first === undefined) throw new Error('there is no pod');
  const traffic = sendTraffic(first.url, 5);
  cleanups.push(() => traffic.stop());
  await sleep(6000);
  const before = await printValues(values);
  traffic.setRate(40);
  for (let round = 0; round < 4; round += 1) {
    await sleep(3000);
    if ((await printValues(values)) > before && round > 1) return;
  }
  throw new Error('the value did not grow with the traffic');
}

/** Prints one line with all values; returns the number of the first pod. */
async function printValues(values: () => Promise<unknown>): Promise<number> {
  const items = itemsOf(await values());
  const line = items.map(({ pod, value }) => `${pod} ${value}`).join('   ');
  say(`  ${new Date().toISOString().slice(11, 19)}  ${line || '(no samples yet)'}`);
  return toNumber(items[0]?.value ?? '0');
}

function itemsOf(list: unknown): readonly { pod: string; value: string }[] {
  const items: { pod: string; value: string }[] = [];
  JSON.parse(JSON.stringify(list), (_key, each) => {
    if (each?.describedObject !== undefined) {
      items.push({ pod: each.describedObject.name, value: each.value });
    }
    return each;
  });
  return items;
}

/** Of the quantities that this demo meets. */
function toNumber(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

function curlMissing(error: unknown): { stdout: string } {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return { stdout: '(this machine has no curl)' };
  }
  throw error;
}

await main();
