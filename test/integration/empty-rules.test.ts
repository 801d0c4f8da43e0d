// A rules file that is empty for a moment, or for longer, takes no metric away.
import { mkdtemp, open, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPrometheus, startPrometheus } from '../../scripts/parts/prometheus.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const GROUP = '/apis/custom.metrics.k8s.io/v1beta2';

let directory: string;
let file: string;
let prometheus: RunningPrometheus;
let adapter: StandaloneAdapter;

function rules(name: string): string {
  return `rules:
- seriesQuery: up
  name: {as: ${name}}
  resources: {overrides: {job: {resource: namespace}}}
  metricsQuery: sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)
`;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'empty-rules-'));
  file = join(directory, 'rules.yaml');
  await writeFile(file, rules('first'));
  prometheus = await startPrometheus();
  adapter = await startStandaloneAdapter({
    config: file,
    prometheusUrl: prometheus.url,
    certificates: directory,
    flags: ['--config-poll-interval=5s'],
  });
});

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Sends requests until the returned function is called, which returns the received statuses. */
function asking(): () => Promise<readonly number[]> {
  const statuses = new Set<number>();
  let stopped = false;
  const asked = (async () => {
    while (!stopped) {
      statuses.add((await adapter.get(GROUP)).status);
      await sleep(10);
    }
  })();
  return async () => {
    stopped = true;
    await asked;
    return [...statuses];
  };
}

const taken = (): number => adapter.stdoutTail().split('rules loaded').length;
const refused = (): number => adapter.stdoutTail().split('keeping the last valid version').length;

describe('a rules file that is truncated and then written', () => {
  it.each([5, 300, 1500])('with %d ms between removes no metric', async (gap) => {
    const before = taken();
    const statuses = asking();
    const handle = await open(file, 'w');
    await sleep(gap);
    await handle.write(rules(`after_${gap}`));
    await handle.close();
    await expect.poll(taken).toBe(before + 1);
    expect(await statuses()).toEqual([200]);
  });
});

it.each(['# only a comment\n', 'rules: []\n', 'rules:\nexternalRules:\n', '{}', ''])(
  'a change to a file without rules is rejected with the reason: %j',
  async (text) => {
    const before = refused();
    await writeFile(file, `${text}# ${before}\n`);
    await expect.poll(refused).toBe(before + 1);
    expect(adapter.stdoutTail()).toContain('the file has no rules');
    expect((await adapter.get(GROUP)).status).toBe(200);
    const metrics = (await adapter.get('/metrics')).body;
    expect(metrics).toContain('prom_metrics_adapter_config_last_reload_successful 0');
  },
);

it('a file that is removed and created again without rules is rejected', async () => {
  const refusedBefore = refused();
  await unlink(file);
  await expect.poll(refused).toBe(refusedBefore + 1);
  await writeFile(file, '{}');
  await expect.poll(refused).toBe(refusedBefore + 2);
  expect((await adapter.get(GROUP)).status).toBe(200);
  const before = taken();
  await writeFile(file, rules('last'));
  await expect.poll(taken).toBe(before + 1);
});

it('a start without rules is allowed, with a warning', async () => {
  const empty = join(directory, 'empty.yaml');
  await writeFile(empty, '');
  const other = await startStandaloneAdapter({
    config: empty,
    prometheusUrl: prometheus.url,
    certificates: directory,
  });
  expect(other.stdoutTail()).toContain('there are no rules');
  expect((await other.get(GROUP)).status).toBe(404);
  await other.stop();
});
