// Shows the main job on this machine: a web app counts its requests, a real Prometheus scrapes it,
// and the adapter answers the very request that a HorizontalPodAutoscaler makes.
//
//   node scripts/demo.ts          keeps running until Ctrl-C
//   node scripts/demo.ts --once   shows the same and ends, with exit code 0 if it worked
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startAdapter } from './demo/adapter.ts';
import { writeKubeconfig } from './demo/kubeconfig.ts';
import { pause, say, step } from './demo/say.ts';
import { sendTraffic } from './demo/traffic.ts';
import { explainQuantity, numberOf, podValues } from './demo/values.ts';
import { startWebApp, type WebApp } from './demo/web-app.ts';
import { endChildren, ending } from './parts/children.ts';
import { runCommand } from './parts/command.ts';
import { reasonsOf } from './parts/error-reasons.ts';
import { findExecutable } from './parts/executable.ts';
import { ensureKubectl } from './parts/kubectl.ts';
import { ensurePrometheus, startPrometheus } from './parts/prometheus.ts';

const exampleRules = path.join(import.meta.dirname, '../examples/nginx/rules.yaml');
const namespace = 'default';
const metric = 'nginx_http_requests_total';
const api = '/apis/custom.metrics.k8s.io/v1beta2';
const podsPath = `${api}/namespaces/${namespace}/pods/%2A/${metric}`;

const INTERRUPTED = 130;

const cleanups: (() => Promise<void> | void)[] = [];

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    await show(values.once);
    return 0;
  } catch (error) {
    if (ending.aborted) return INTERRUPTED;
    console.error(`\nThe demo failed: ${reasonsOf(error)}`);
    return 1;
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** A terminal sends Ctrl-C to all processes, possibly several times: only the first one is handled. */
function end(): void {
  if (ending.aborted) return;
  say('\nStopping the adapter and Prometheus, and removing their files.');
  endChildren();
}

async function show(isOnce: boolean): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'prom-metrics-adapter-demo-'));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  const rulesFile = path.join(directory, 'rules.yaml');
  await copyFile(exampleRules, rulesFile);

  const pods = await startPods();
  say(`web app:    ${pods.length} "pods" that count their requests as ${metric}`);
  const prometheusUrl = await scrape(pods);
  say(`Prometheus: ${prometheusUrl} scrapes them every second`);
  const { server, certificateFile } = await step('starting the adapter', () =>
    startAdapter({ directory, rulesFile, prometheusUrl, cleanups }),
  );
  say(`adapter:    ${server} with the rules of examples/nginx/rules.yaml, copied to`);
  say(`            ${rulesFile}; its log is shown here with |`);

  const kubeconfig = path.join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, server, certificateFile);
  const kubectl = await step('fetching kubectl, the first time only', ensureKubectl);
  const ask = (target: string) => getRaw(kubectl, kubeconfig, target);

  say('\nThe metrics that autoscalers can use now (kubectl get --raw):');
  await step('waiting for a scrape and for the adapter to find the series', () =>
    untilListed(() => ask(api)),
  );
  say(`\nThe request of an autoscaler for all pods of the namespace "${namespace}":\n`);
  say(`  ${kubectl} --kubeconfig ${kubeconfig} get --raw '${podsPath}'\n`);
  await watchValues(pods, () => ask(podsPath));
  await showCurl(certificateFile, `${server}${podsPath}`);
  if (isOnce) return;
  await untilInterrupted(rulesFile);
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
  await step('fetching Prometheus, the first time only', () => ensurePrometheus());
  const prometheus = await step('starting Prometheus', () => startPrometheus({ config }));
  cleanups.push(() => prometheus.stop());
  return prometheus.url;
}

async function getRaw(kubectl: string, kubeconfig: string, target: string): Promise<unknown> {
  return JSON.parse(
    await runCommand(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', target]),
  );
}

/** Shows the discovery document once the metric is in it: that takes a scrape and a relist. */
async function untilListed(discovery: () => Promise<unknown>): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const document = JSON.stringify(await discovery(), undefined, 2);
    if (document.includes(`pods/${metric}`)) {
      say(document.replaceAll(/^/gm, '  '));
      return;
    }
    await pause(500);
  }
  throw new Error(`${metric} was not listed within 30 seconds`);
}

/** Prints the value of the first pod every few seconds; fails unless the traffic moves it. */
async function watchValues(pods: readonly WebApp[], ask: () => Promise<unknown>): Promise<void> {
  const [first] = pods;
  if (first === undefined) throw new Error('there is no pod');
  const traffic = sendTraffic(first.url, 5);
  cleanups.push(() => traffic.stop());
  say('Requests are sent to the first pod, 5 a second for 6 seconds, then 40 a second. The value');
  say('is the rate of the last minute, so it changes slowly; it is shown every 3 seconds:\n');
  await pause(6000);
  const before = await printValues(ask);
  traffic.setRate(40);
  for (let round = 0; round < 4; round += 1) {
    await pause(3000);
    const after = await printValues(ask);
    if (numberOf(after) > numberOf(before) && round > 1) {
      say(`\n  ${explainQuantity(after)}`);
      return;
    }
  }
  throw new Error('the value did not grow with the traffic');
}

/** Prints one line with all values; returns that of the first pod. */
async function printValues(ask: () => Promise<unknown>): Promise<string> {
  const items = podValues(await ask());
  const line = items.map(({ pod, value }) => `${pod} ${value}`).join('   ');
  say(`  ${new Date().toISOString().slice(11, 19)}  ${line || '(no samples yet)'}`);
  return items[0]?.value ?? '0';
}

async function showCurl(certificateFile: string, url: string): Promise<void> {
  say('\nThe same with curl:\n');
  say(`  curl --cacert ${certificateFile} '${url}'\n`);
  const curl = await findExecutable('curl');
  if (curl === undefined) {
    say('(curl is not installed)');
    return;
  }
  const quiet = ['--silent', '--show-error', '--fail'];
  say(await runCommand(curl, [...quiet, '--cacert', certificateFile, url]));
}

async function untilInterrupted(rulesFile: string): Promise<void> {
  say(
    '\nThe demo keeps running: try the commands above, and edit the rules. In another terminal, run\n',
  );
  say(`  sed -i 's/\\[1m\\]/[30s]/' ${rulesFile}\n`);
  say(
    'Within seconds the log shows that the rules are loaded, and values are rates of 30 seconds. This',
  );
  say(
    'change has an extra parenthesis. It is rejected with line and column, and the valid rules stay:\n',
  );
  say(`  sed -i 's/sum(rate/sum((rate/' ${rulesFile}\n`);
  say('Ctrl-C stops it.');
  if (!ending.aborted) await once(ending, 'abort');
}

process.exit(await main());
