import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { backfill } from '../../scripts/parts/backfill.ts';
import {
  ensurePrometheus,
  type RunningPrometheus,
  startPrometheus,
} from '../../scripts/parts/prometheus.ts';
import { type Frame, frameBytes, frameReader } from '../bench/load/http2-frames.ts';
import { parseExposition } from '../bench/measure/exposition.ts';
import { percentile } from '../bench/measure/percentile.ts';
import { markdownTable, textTable } from '../bench/report/table.ts';
import { type StandaloneAdapter, startStandaloneAdapter } from '../fixtures/standalone-adapter.ts';

const BENCH = join(import.meta.dirname, '../bench');
const METRIC = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/orders_waiting';

async function run(program: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(BENCH, program), ...args]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code, stdout, stderr };
}

describe('the bench of reads, with an adapter that runs already', () => {
  let scratch: string;
  let prometheus: RunningPrometheus;
  let adapter: StandaloneAdapter;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'bench-test-'));
    const { promtool } = await ensurePrometheus();
    const dataDir = join(scratch, 'data');
    const seconds = Math.floor(Date.now() / 1000) - 5;
    await backfill(
      promtool,
      dataDir,
      `# TYPE orders_waiting gauge\norders_waiting{namespace="shop"} 3 ${seconds}\n# EOF\n`,
    );
    prometheus = await startPrometheus({ dataDir });
    const config = join(scratch, 'rules.yaml');
    const rule = {
      seriesQuery: 'orders_waiting{namespace!=""}',
      resources: { overrides: { namespace: { resource: 'namespace' } } },
      metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>})',
    };
    await writeFile(config, JSON.stringify({ externalRules: [rule] }));
    const prometheusUrl = prometheus.url;
    adapter = await startStandaloneAdapter({
      config,
      prometheusUrl,
      certificates: scratch,
      // These tests are not about a Prometheus that waits for a processor.
      flags: ['--prometheus-stall-timeout=0s'],
    });
  });

  afterAll(async () => {
    await adapter?.stop();
    await prometheus?.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  async function reads(path: string, ...flags: readonly string[]) {
    const paths = join(scratch, 'paths.txt');
    const json = join(scratch, 'reads.json');
    await writeFile(paths, `${path}\n`);
    const outcome = await run(
      'reads.ts',
      `--url=https://127.0.0.1:${adapter.port}`,
      `--pid=${adapter.pid}`,
      `--paths=${paths}`,
      `--json=${json}`,
      '--requests=50',
      '--concurrency=4',
      ...flags,
    );
    return { ...outcome, json };
  }

  it('measures both protocols', async () => {
    const { code, stdout, stderr, json } = await reads(METRIC);
    expect(stderr).toContain('written to');
    expect(code).toBe(0);
    expect(stdout).toContain('requests/s');
    const { rows } = JSON.parse(await readFile(json, 'utf8'));
    const measured = {
      concurrency: 4,
      requests: 50,
      cpu: expect.any(Number),
      peak: expect.any(Number),
      // The servers behind it are not known.
      queries: null,
    };
    expect(rows).toMatchObject([
      { protocol: 'HTTP/1.1', ...measured },
      { protocol: 'HTTP/2', ...measured },
    ]);
    expect(rows[0].p50).toBeLessThanOrEqual(rows[0].p99);
    expect(rows[0].peak).toBeGreaterThan(10);
  });

  it.each(['1.1', '2'])(
    'has no figures for answers over HTTP/%s that are errors',
    async (version) => {
      const flag = `--protocol=${version}`;
      const { code, stdout, stderr } = await reads(`${METRIC}_for_nothing`, flag);
      expect(stderr).toContain('not every answer was good');
      expect(stderr).toContain('{"404":50}');
      expect(stdout).toBe('');
      expect(code).toBe(1);
    },
  );
});

test('HTTP/2 frames are the same for all sizes of pieces', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const byte = fc.nat(255);
  const frame = fc.record({ type: byte, flags: byte, stream: fc.nat(2 ** 31 - 1), payload: bytes });
  fc.assert(
    fc.property(fc.array(frame), fc.array(fc.integer({ min: 1, max: 400 })), (frames, lengths) => {
      const read: Frame[] = [];
      const take = frameReader((each) => read.push(each));
      let rest = Buffer.concat(frames.map(frameBytes));
      for (const length of [...lengths, rest.length]) {
        take(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      expect(read).toEqual(frames);
    }),
  );
});

test.each([
  'autoscalers.ts',
  'cold-start.ts',
  'discovery.ts',
  'environment.ts',
  'object-index.ts',
  'reads.ts',
  'soak.ts',
])('%s tells its flags', async (program) => {
  const { code, stdout, stderr } = await run(program, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^ {2}--\w/m);
});

test('an unknown flag is rejected', async () => {
  const { code, stderr } = await run('reads.ts', '--concurency=1');
  expect(stderr).toContain('--concurency');
  expect(code).toBe(2);
  const url = '--url=https://127.0.0.1:1';
  const wrong = await run('reads.ts', url, '--concurrency=none');
  expect(wrong.stderr).toContain('--concurrency: expected whole numbers');
  expect(wrong.code).toBe(2);
});

test('percentiles are measured values', () => {
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect([0, 0.5, 0.9, 0.99, 1].map((part) => percentile(sorted, part))).toEqual([1, 5, 9, 10, 10]);
  expect(percentile([], 0.5)).toBeNaN();
});

test('series of a server are summed by their labels', () => {
  const { sum } = parseExposition(
    [
      '# TYPE requests_total counter',
      'requests_total{code="200",path="/a,b\\"c\\""} 3',
      'requests_total{code="500",path="/x"} 1e2',
      'up 1',
    ].join('\n'),
  );
  expect(sum('requests_total')).toBe(103);
  expect(sum('requests_total', { code: '200' })).toBe(3);
  expect(sum('requests_total', { path: new Set(['/x', '/y']) })).toBe(100);
  expect([sum('up'), sum('nothing')]).toEqual([1, 0]);
});

test('tables have right-aligned numbers, and a dash for unknown values', () => {
  const columns = [
    { key: 'name', title: 'name' },
    { key: 'value', title: 'value', digits: 1 },
  ];
  const rows = [
    { name: 'a', value: 1234.56 },
    { name: 'bc', value: null },
  ];
  expect(textTable(columns, rows)).toBe('name    value\na     1,234.6\nbc          -');
  expect(markdownTable(columns, rows)).toBe(
    '| name | value |\n|---|--:|\n| a | 1,234.6 |\n| bc | - |',
  );
});
