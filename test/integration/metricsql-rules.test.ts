// Rules in MetricsQL: `check`, a start and a reload judge them alike.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { type RunningServer, victoriaMetricsServer } from '../fixtures/real-servers.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const resources = {
  overrides: { namespace: { resource: 'namespace' }, pod: { resource: 'pod' } },
};

function rule(as: string, seriesQuery: string, metricsQuery: string) {
  return { seriesQuery, resources, name: { as }, metricsQuery };
}

const PROMQL = rule('plain', 'load', 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)');

const METRICSQL = [
  rule('defaulted', 'load', 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>) default 5'),
  rule('with', 'load', 'WITH (x = <<.Series>>{<<.LabelMatchers>>}) sum(x) by (<<.GroupBy>>)'),
  rule('either', 'load{env="a" or env="b"}', 'max(<<.Series>>{<<.LabelMatchers>>}) by (pod)'),
];

function samples(): string {
  const now = Math.floor(Date.now() / 1000);
  const lines = Array.from(
    { length: 30 },
    (_, step) => `load{namespace="shop",pod="web-0",env="b"} 7 ${now - 120 + step * 15}`,
  );
  return `${lines.join('\n')}\n# EOF\n`;
}

const servers = await Promise.all([victoriaMetricsServer('1.112'), victoriaMetricsServer('1.145')]);

let directory: string;
let config: string;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'metricsql-rules-'));
  config = join(directory, 'rules.yaml');
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function rulesText(rules: readonly object[]): string {
  return JSON.stringify({ rules });
}

async function checked(...flags: readonly string[]): Promise<{ code: number; output: string }> {
  const stdout = new PassThrough();
  const chunks: string[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const code = await check([config, ...flags], {
    stdout,
    stderr: new PassThrough().resume(),
    stdin: Readable.from([]),
  });
  return { code, output: chunks.join('') };
}

async function adapterOf(
  { url }: RunningServer,
  flags: readonly string[],
): Promise<StandaloneAdapter> {
  const adapter = await startStandaloneAdapter({
    config,
    prometheusUrl: url,
    certificates: directory,
    flags: ['--config-poll-interval=100ms', ...flags],
  });
  closers.push(() => adapter.stop());
  return adapter;
}

async function podValue(adapter: StandaloneAdapter, metric: string): Promise<unknown> {
  const path = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/pods/web-0/${metric}`;
  const { status, body } = await adapter.get(path);
  return status === 200 ? JSON.parse(body).items[0].value : status;
}

describe.each(servers)('rules in MetricsQL with $name', (server) => {
  test('are accepted everywhere with --check-promql=false', async ({ skip }) => {
    skip(server.isMissing, `there is no ${server.name}`);
    const running = await server.start(samples());
    closers.push(() => running.stop());
    await writeFile(config, rulesText([PROMQL, ...METRICSQL.slice(0, 1)]));
    const adapter = await adapterOf(running, ['--check-promql=false']);
    expect(await podValue(adapter, 'defaulted')).toBe('7');

    await writeFile(config, rulesText([PROMQL, ...METRICSQL]));
    await expect.poll(() => podValue(adapter, 'either')).toBe('7');
    expect(await podValue(adapter, 'with')).toBe('7');
    expect(await podValue(adapter, 'plain')).toBe('7');
    expect(await checked('--check-promql=false')).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 errors, 0 broken, 0 warnings'),
    });
  });

  test('are broken everywhere without it, with the flag in the message', async ({ skip }) => {
    skip(server.isMissing, `there is no ${server.name}`);
    const running = await server.start(samples());
    closers.push(() => running.stop());
    await writeFile(config, rulesText([PROMQL, ...METRICSQL]));
    const { code, output } = await checked();
    expect(code).toBe(1);
    expect(output.match(/--check-promql=false/g)).toHaveLength(METRICSQL.length);

    const adapter = await adapterOf(running, []);
    expect(await podValue(adapter, 'plain')).toBe('7');
    expect(adapter.stdoutTail()).toContain('which needs --check-promql=false');

    await writeFile(config, rulesText([{ ...PROMQL, name: { as: 'renamed' } }, ...METRICSQL]));
    await expect.poll(() => adapter.stdoutTail()).toContain('rules file rejected');
    expect(await podValue(adapter, 'plain')).toBe('7');
    expect(await podValue(adapter, 'renamed')).toBe(404);
  });
});
