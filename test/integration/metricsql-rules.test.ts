// Rules in MetricsQL: `check`, a start and a reload give the same verdict.
import { writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect } from 'vitest';
import { check } from '../../src/commands/check.ts';
import { victoriaMetricsServer } from '../fixtures/real-servers.ts';
import { test, valueOfPod } from '../fixtures/server-test.ts';

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

const SERIES = ['load{namespace="shop",pod="web-0",env="b"} 7'];

const servers = await Promise.all([victoriaMetricsServer('1.112'), victoriaMetricsServer('1.145')]);

const POLL = '--config-poll-interval=100ms';

function rulesText(rules: readonly object[]): string {
  return JSON.stringify({ rules });
}

async function checked(
  rulesFile: string,
  ...flags: readonly string[]
): Promise<{ code: number; output: string }> {
  const stdout = new PassThrough();
  const chunks: string[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  const code = await check([rulesFile, ...flags], {
    stdout,
    stderr: new PassThrough().resume(),
    stdin: Readable.from([]),
  });
  return { code, output: chunks.join('') };
}

describe.each(servers)('rules in MetricsQL with $name', (server) => {
  test('are accepted everywhere with --check-promql=false', async ({
    rulesFile,
    skip,
    startAdapter,
    startServer,
  }) => {
    skip(server.isMissing, `there is no ${server.name}`);
    const running = await startServer(server, SERIES);
    await writeFile(rulesFile, rulesText([PROMQL, ...METRICSQL.slice(0, 1)]));
    const adapter = await startAdapter(running, [POLL, '--check-promql=false']);
    expect(await valueOfPod(adapter, 'defaulted')).toBe('7');

    await writeFile(rulesFile, rulesText([PROMQL, ...METRICSQL]));
    await expect.poll(() => valueOfPod(adapter, 'either')).toBe('7');
    expect(await valueOfPod(adapter, 'with')).toBe('7');
    expect(await valueOfPod(adapter, 'plain')).toBe('7');
    expect(await checked(rulesFile, '--check-promql=false')).toMatchObject({
      code: 0,
      output: expect.stringContaining('0 errors, 0 broken, 0 warnings'),
    });
  });

  test('are broken everywhere without it, with the flag in the message', async ({
    rulesFile,
    skip,
    startAdapter,
    startServer,
  }) => {
    skip(server.isMissing, `there is no ${server.name}`);
    const running = await startServer(server, SERIES);
    await writeFile(rulesFile, rulesText([PROMQL, ...METRICSQL]));
    const { code, output } = await checked(rulesFile);
    expect(code).toBe(1);
    expect(output.match(/--check-promql=false/g)).toHaveLength(METRICSQL.length);

    const adapter = await startAdapter(running, [POLL]);
    expect(await valueOfPod(adapter, 'plain')).toBe('7');
    expect(adapter.stdoutTail()).toContain('which needs --check-promql=false');

    await writeFile(rulesFile, rulesText([{ ...PROMQL, name: { as: 'renamed' } }, ...METRICSQL]));
    await expect.poll(() => adapter.stdoutTail()).toContain('rules file rejected');
    expect(await valueOfPod(adapter, 'plain')).toBe('7');
    expect(await valueOfPod(adapter, 'renamed')).toBe(404);
  });
});
