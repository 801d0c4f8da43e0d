import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backfill } from '../../scripts/parts/backfill.ts';
import {
  ensurePrometheus,
  type RunningPrometheus,
  startPrometheus,
} from '../../scripts/parts/prometheus.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const pods = '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/*';

let scratch: string;
let prometheus: RunningPrometheus;
let adapter: StandaloneAdapter;

/** A rules file that serves the series `load` under a name. */
function rules(name: string, metricsQuery = '<<.Series>>{<<.LabelMatchers>>}'): string {
  const rule = {
    seriesQuery: 'load',
    name: { as: name },
    resources: { overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } } },
    metricsQuery,
  };
  return JSON.stringify({ rules: [rule] });
}

let revision = 0;

/**
 * Changes the volume as kubelet does: a new folder, and one rename of the link `..data` to it.
 *
 * @param content undefined: the ConfigMap has no such key any more
 */
async function updateVolume(volume: string, content: string | undefined): Promise<void> {
  revision += 1;
  const folder = `..2026_01_01_00_00_0${revision}`;
  await mkdir(path.join(volume, folder), { recursive: true });
  if (content !== undefined) await writeFile(path.join(volume, folder, 'config.yaml'), content);
  await symlink(folder, path.join(volume, '..data_tmp'));
  await rename(path.join(volume, '..data_tmp'), path.join(volume, '..data'));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await sleep(100);
  }
  throw new Error(`${what}: not within 20 seconds\n${adapter.stdoutTail()}`);
}

async function isServed(name: string): Promise<boolean> {
  return (await adapter.get(`${pods}/${name}`)).status === 200;
}

async function ownMetric(name: string): Promise<string | undefined> {
  const { body } = await adapter.get('/metrics');
  return new RegExp(`^prom_metrics_adapter_${name} (.*)$`, 'm').exec(body)?.[1];
}

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'reload-'));
  const { promtool } = await ensurePrometheus();
  const dataDir = path.join(scratch, 'data');
  const now = Math.floor(Date.now() / 1000);
  const samples = [];
  for (let at = now - 120; at < now + 600; at += 15) {
    samples.push(`load{namespace="shop",pod="cart-0"} 7 ${at}`);
  }
  await backfill(promtool, dataDir, `${samples.join('\n')}\n# EOF\n`);
  prometheus = await startPrometheus({ dataDir });

  const volume = path.join(scratch, 'volume');
  await updateVolume(volume, rules('first'));
  await symlink('..data/config.yaml', path.join(volume, 'config.yaml'));
  adapter = await startStandaloneAdapter({
    config: path.join(volume, 'config.yaml'),
    prometheusUrl: prometheus.url,
    certificates: scratch,
    flags: [
      // Changes must be detected by the watch and not by polling.
      '--config-poll-interval=1h',
      // A machine that is busy otherwise makes no outage.
      '--prometheus-stall-timeout=0s',
    ],
  });
});

afterAll(async () => {
  await adapter?.stop();
  await prometheus?.stop();
  await rm(scratch, { recursive: true, force: true });
});

describe('an edit of the rules in a mounted ConfigMap', () => {
  const volume = () => path.join(scratch, 'volume');

  it('is served without a restart and without a failed request', async () => {
    expect(await isServed('first')).toBe(true);
    const answers: number[] = [];
    let going = true;
    const asking = (async () => {
      while (going) {
        const { status } = await adapter.get('/apis/custom.metrics.k8s.io/v1beta2');
        const first = await adapter.get(`${pods}/both`);
        answers.push(status, first.status);
      }
    })();
    await updateVolume(volume(), rules('both'));
    await until('the edit is served', () => isServed('both'));
    const servedSince = answers.length + 2;
    await updateVolume(volume(), rules('both', 'max(<<.Series>>{<<.LabelMatchers>>}) by (pod)'));
    await sleep(1000);
    await expect.poll(() => answers.length).toBeGreaterThan(servedSince + 10);
    going = false;
    await asking;
    expect(answers.slice(servedSince).filter((status) => status !== 200)).toEqual([]);
    expect(await ownMetric('config_last_reload_successful')).toBe('1');
  });

  it.each([
    ['no YAML', 'rules: [', 'config.yaml:1'],
    ['an unknown field', JSON.stringify({ rulez: [] }), 'rulez'],
    ['a query that is no PromQL', rules('third', 'sum(<<.Series>>{<<.LabelMatchers>>}'), 'broken'],
  ])('is rejected with %s, and the last valid rules stay in use', async (_what, content, said) => {
    await updateVolume(volume(), content);
    await until('the refusal is seen', async () => {
      return (await ownMetric('config_last_reload_successful')) === '0';
    });
    expect(await isServed('both')).toBe(true);
    expect(await isServed('third')).toBe(false);
    await expect.poll(adapter.stdoutTail).toContain(said);
    await expect.poll(adapter.stdoutTail).toContain('keeping the last valid version');

    await updateVolume(volume(), rules('both'));
    await until('a valid edit is loaded', async () => {
      return (await ownMetric('config_last_reload_successful')) === '1';
    });
  });

  it('is reported as an error without the file, until it is back', async () => {
    const said = 'cannot be read: there is no such file';
    const logCount = (): number => adapter.stdoutTail().split(said).length - 1;
    await updateVolume(volume(), undefined);
    await until('the refusal is seen', async () => {
      return (await ownMetric('config_last_reload_successful')) === '0';
    });
    await until('it is logged', async () => logCount() > 0);
    expect(logCount()).toBe(1);
    adapter.signal('SIGHUP');
    await until('the error is logged again', async () => logCount() === 2);
    expect(adapter.stdoutTail()).toContain('keeping the last valid version');
    expect(await isServed('both')).toBe(true);

    await updateVolume(volume(), rules('both'));
    await until('the same file is taken again', async () => {
      return (await ownMetric('config_last_reload_successful')) === '1';
    });
    expect(logCount()).toBe(2);
  });

  it('is read again on SIGHUP', async () => {
    const before = await ownMetric('config_last_reload_success_timestamp_seconds');
    adapter.signal('SIGHUP');
    await until('the file is read', async () => {
      return (await ownMetric('config_last_reload_success_timestamp_seconds')) !== before;
    });
    expect(await isServed('both')).toBe(true);
  });
});

describe('an outage of Prometheus', () => {
  it('is reported as an error, and full service returns', async () => {
    const { port } = prometheus;
    const dataDir = path.join(scratch, 'data');
    await prometheus.kill();
    const failed = await adapter.get(`${pods}/both`);
    expect(failed.status).toBe(500);
    expect(failed.body).not.toContain(String(port));
    const discovery = await adapter.get('/apis/custom.metrics.k8s.io/v1beta2');
    expect(discovery.body).toContain('pods/both');
    expect((await adapter.get('/readyz')).status).toBe(200);

    prometheus = await startPrometheus({ dataDir, port });
    // Not at once: the probe runs every half second.
    await until('service is full again', () => isServed('both'));
  });
});

describe('a start without Prometheus', () => {
  it('is not ready before the first answer of Prometheus', async () => {
    const config = path.join(scratch, 'rules.yaml');
    await writeFile(config, rules('late'));
    const cwd = path.join(scratch, 'cwd');
    await mkdir(cwd);
    const { port } = prometheus;
    await prometheus.kill();
    const waiting = await startStandaloneAdapter({
      config,
      prometheusUrl: prometheus.url,
      cwd,
      until: 'live',
    });
    try {
      expect(await waiting.get('/readyz')).toMatchObject({
        status: 500,
        body: expect.stringContaining('[-]relist failed'),
      });
      // Not 404: the metrics are not known yet.
      const early = await waiting.get(`${pods}/late`);
      expect(early).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(JSON.parse(early.body)).toMatchObject({
        kind: 'Status',
        reason: 'ServiceUnavailable',
        message: 'initial discovery has not finished',
        details: { retryAfterSeconds: 1 },
      });
      const discovery = await waiting.get('/apis/custom.metrics.k8s.io/v1beta2');
      expect(discovery.status).toBe(200);
      expect(JSON.parse(discovery.body)).toMatchObject({ resources: [] });

      prometheus = await startPrometheus({ dataDir: path.join(scratch, 'data'), port });
      await until('the adapter is ready', async () => {
        return (await waiting.get('/readyz')).status === 200;
      });
      expect((await waiting.get(`${pods}/late`)).status).toBe(200);
      expect((await waiting.get(`${pods}/never`)).status).toBe(404);
      // The certificate of a trial is not left behind.
      expect(await readdir(cwd)).toEqual([]);
    } finally {
      await waiting.stop();
    }
  });
});
