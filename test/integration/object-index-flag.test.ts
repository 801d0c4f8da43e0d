import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseLabelSelector } from '../../src/apimachinery/label-selector-parser.ts';
import { parseServeFlags } from '../../src/cli/serve/parse-serve-flags.ts';
import { connectCluster } from '../../src/commands/serve/cluster.ts';
import { createMonitoring } from '../../src/commands/serve/monitoring.ts';
import { builtinResourceMapper } from '../../src/kubernetes/discovery/builtin-resources.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { kubeconfigText } from './kubernetes-server.ts';
import { type ObjectServer, startObjectServer } from './object-server.ts';

let directory: string;
let server: ObjectServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'object-index-flag-'));
  server = await startObjectServer();
  for (const name of ['a', 'b', 'c'])
    server.put({ namespace: 'shop', name, labels: { app: name } });
  await writeFile(join(directory, 'config'), kubeconfigText({ cluster: { server: server.url } }));
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

/** The requests for lists of pods so far. */
function podLists(): number {
  return server.requests.filter(
    ({ url }) => url.pathname.endsWith('/pods') && !url.searchParams.has('watch'),
  ).length;
}

/** Lists objects twice with a command line. @returns the answers and the requests to the API server */
async function askTwice(flag: string) {
  const kubeconfig = `--lister-kubeconfig=${join(directory, 'config')}`;
  const line = parseServeFlags(['--config=rules.yaml', kubeconfig, flag]);
  if (line.action !== 'serve') throw new Error('the command line is wrong');
  const destination = new PassThrough().resume();
  const log = createLogger({ verbosity: 0, format: 'text', destination });
  const metrics = createMonitoring();
  const cluster = await connectCluster(line.options, log, metrics);
  const pods = builtinResourceMapper().find('', 'pods');
  if (pods === undefined) throw new Error('no pods');
  const before = podLists();
  const answers: (readonly string[])[] = [];
  for (const selector of ['app=b', 'app in (a,c)']) {
    answers.push(
      await cluster.objects.list({
        resource: pods,
        namespace: 'shop',
        selector: parseLabelSelector(selector),
        series: { name: 'load', resourceLabel: 'pod', namespaceLabel: 'namespace' },
      }),
    );
  }
  const lists = podLists() - before;
  cluster.close();
  await log.close();
  return { answers, lists };
}

const NAMES = [['b'], ['a', 'c']];

it.each([
  ['3', 'are kept after one list', 1],
  // The one that finds out that there are too many, and one for each request.
  ['2', 'are too many: each request lists its own', 3],
  ['0', 'are not kept at all', 2],
])('with --object-index-max-objects=%s, three objects %s', async (most, _what, lists) => {
  expect(await askTwice(`--object-index-max-objects=${most}`)).toEqual({ answers: NAMES, lists });
});
