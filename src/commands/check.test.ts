import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from './check.ts';

const GOOD = `rules:
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  seriesFilters: [{isNot: 'seconds'}]
  resources: {overrides: {namespace: {resource: namespace}, pod: {resource: pod}}}
  name: {matches: '^(.*)_total$', as: '\${1}_per_second'}
  metricsQuery: |
    sum(
      rate(<<.Series>>{<<.LabelMatchers>>}[2m])
    ) by (<<.GroupBy>>)
externalRules:
- seriesQuery: '{__name__=~"^kafka_.*"}'
  resources: {template: 'kube_<<.Resource>>'}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (topic)'
resourceRules:
  cpu: &rule
    containerQuery: 'sum by (<<.GroupBy>>) (usage{container!="",<<.LabelMatchers>>})'
    nodeQuery: 'sum by (<<.GroupBy>>) (node_usage{<<.LabelMatchers>>})'
    resources: {overrides: {node: {resource: node}, namespace: {resource: namespace}, pod: {resource: pod}}}
    containerLabel: container
  memory: *rule
  window: 5m
`;
const WARNED = `rules:
- seriesQuery: 'widget_load{namespace!=""}'
  resources: {overrides: {namespace: {resource: namespace}, widget: {group: example.com, resource: widget}}}
  metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
`;
const BROKEN = `rules:
- seriesQuery: 'up'
  resources: {template: '<<.Resource>>'}
  metricsQuery: 'sum(<<.Series>>'
`;
const BAD = `rules:
- seriesQuery: up
  nmae: {as: x}
other: 1
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'check-'));
  for (const [name, content] of Object.entries({ GOOD, WARNED, BROKEN, BAD })) {
    await writeFile(join(directory, name), content);
  }
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs the command; arguments in capitals stand for the files above. */
async function run(args: readonly string[], input = '') {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const texts = [text(stdout), text(stderr)];
  const code = await check(
    args.map((arg) => (/^[A-Z]+$/.test(arg) ? join(directory, arg) : arg)),
    { stdout, stderr, stdin: Readable.from([Buffer.from(input)]) },
  );
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { code, out: out.replaceAll(`${directory}/`, ''), err };
}

describe('check', () => {
  it('prints a summary of each rule of a valid file', async () => {
    const { code, out, err } = await run(['GOOD']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'GOOD: 1 custom rule, 1 external rule, resource rules; 0 errors, 0 broken, 0 warnings',
      'rules[0]',
      '  series     http_requests_total{namespace!="",pod!=""}',
      '  filters    not seconds',
      '  name       http_requests_total -> http_requests_per_second',
      '  resources  namespace -> namespace, pod -> pod',
      '  query      sum( rate(http_requests_total{namespace="default",pod="example"}[2m]) ) by (pod)',
      '  sharing    by object: sum( rate(http_requests_total{namespace!="",pod!=""}[2m]) ) by (namespace,pod)',
      'externalRules[0]',
      '  series     {__name__=~"^kafka_.*"}',
      '  name       as the series',
      '  resources  labels like kube_<<.Resource>>',
      '  query      sum(SERIES{kube_namespace="default"}) by (topic)',
      'resourceRules.cpu',
      '  containers sum by (pod,container) (usage{container!="",namespace="default",pod="example"})',
      '  nodes      sum by (node) (node_usage{node="example"})',
      'resourceRules.memory',
      '  containers sum by (pod,container) (usage{container!="",namespace="default",pod="example"})',
      '  nodes      sum by (node) (node_usage{node="example"})',
      '',
    ]);
  });

  it('prints the position of each diagnostic', async () => {
    const { code, out } = await run(['BAD']);
    expect(code).toBe(1);
    expect(out).toBe(`BAD: 2 errors, 0 broken, 0 warnings
BAD:3:3: error: rules[0].nmae: unknown field "nmae": did you mean "name"?
BAD:4:1: error: other: unknown field "other": expected one of rules, externalRules, resourceRules
`);
  });

  it('fails for rules that can never return values, without a summary', async () => {
    const { code, out } = await run(['BROKEN']);
    expect(code).toBe(1);
    expect(out).toMatch(
      /^BROKEN: 1 custom rule, 0 external rules; 0 errors, 1 broken, 0 warnings\n/,
    );
    expect(out).toContain('BROKEN:4:33: broken: rules[0].metricsQuery: ');
    expect(out).not.toContain('  series ');
    expect((await run(['BROKEN', '--check-promql=false'])).code).toBe(0);
  });

  it('accepts warnings unless --strict is set', async () => {
    const { code, out } = await run(['WARNED']);
    expect(code).toBe(0);
    expect(out).toContain('WARNED:3:69: warning: rules[0].resources.overrides.widget: ');
    expect(out).toContain('  series     widget_load{namespace!=""}');
    expect((await run(['WARNED', '--strict'])).code).toBe(1);
    expect((await run(['GOOD', '--strict'])).code).toBe(0);
  });

  it('explains why a query is not shared', async () => {
    const rule = `{seriesQuery: 'load{namespace!="",pod!=""}', resources: {template: <<.Resource>>}`;
    const sum = 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)';
    const rules = [
      `${rule}, metricsQuery: 'topk(1, ${sum})'}`,
      `${rule}, metricsQuery: '${sum}', name: {as: alone}, sharing: false}`,
    ];
    const { code, out } = await run(['-'], `rules: [${rules.join(', ')}]`);
    expect(code).toBe(0);
    expect(out.match(/(?<=^ {2}sharing {4}).*/gm)).toEqual([
      'not by object: `topk` returns several samples of a group, or selects some',
      'off',
    ]);
  });

  it('reads standard input', async () => {
    const { code, out } = await run(['-'], BAD);
    expect(code).toBe(1);
    expect(out).toContain('<stdin>:3:3: error: rules[0].nmae: ');
  });

  it('checks several files, valid and invalid', async () => {
    const { code, out } = await run(['GOOD', 'BAD', 'BROKEN']);
    expect(code).toBe(1);
    expect(out.match(/^[A-Z]+: /gm)).toEqual(['GOOD: ', 'BAD: ', 'BROKEN: ']);
  });

  it('prints JSON', async () => {
    const { code, out } = await run(['GOOD', 'BAD', '--output', 'json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      files: [
        {
          file: 'GOOD',
          ok: true,
          faults: [],
          rules: [
            { field: 'rules[0]', resources: 'namespace -> namespace, pod -> pod' },
            { field: 'externalRules[0]' },
            { field: 'resourceRules.cpu' },
            { field: 'resourceRules.memory' },
          ],
        },
        {
          file: 'BAD',
          ok: false,
          faults: [
            {
              severity: 'error',
              file: 'BAD',
              line: 3,
              column: 3,
              field: 'rules[0].nmae',
              message: 'unknown field "nmae": did you mean "name"?',
            },
            { field: 'other' },
          ],
          rules: [],
        },
      ],
    });
  });

  it('distinguishes an unreadable file from an invalid one', async () => {
    const { code, out } = await run(['MISSING', 'BAD']);
    expect(code).toBe(2);
    expect(out).toContain('MISSING: error: cannot be read: there is no such file');
    expect(out).toContain('BAD:4:1: error: ');
  });

  it.each([
    [[], 'no file given'],
    [['GOOD', '--output=xml'], '--output="xml": expected text or json'],
    [['GOOD', '--check-promql=maybe'], '--check-promql="maybe": expected true or false'],
    [['GOOD', '--nope'], 'unknown flag --nope'],
    [['GOOD', '--strcit'], 'unknown flag --strcit (did you mean --strict?)'],
    [['GOOD', '--output'], '--output needs a value: --output=TEXT|JSON'],
    [['-', '-'], 'standard input (-) can be read only once'],
  ])('rejects the arguments %j', async (args, message) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toContain('Usage: ');
  });

  it('accepts the flag syntax of serve', async () => {
    expect((await run(['--strict=true', '--check-promql', 'WARNED'])).code).toBe(1);
    expect((await run(['--check_promql=false', 'BROKEN', '-o', 'json'])).code).toBe(0);
  });

  it('explains an empty metric name', async () => {
    const { out } = await run(['-'], GOOD.replace('${1}_per', '$1_per'));
    expect(out).toContain(
      '  name       http_requests_total -> (not served: the name is empty; $1_per_second is the group named 1_per_second)\n',
    );
  });

  it('checks values of the Helm chart, with positions in that file', async () => {
    const values = `# values
prometheus: {url: http://prometheus}
rules:
  default: false
  custm: []
  custom:
  - seriesQuery: up
    resources: {template: <<.Resource>>}
    metricsQuery: 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>'
  - seriesQuery: 'up{job="{{ .Values.job }}"}'
    resources: {template: <<.Resource>>}
    metricsQuery: 'sum(up{<<.LabelMatchers>>}) by (<<.GroupBy>>)'
  external: {}
  resource:
    cpu: {}
`;
    const { code, out } = await run(['--helm-values', '-'], values);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '<stdin>: 1 error, 3 broken, 1 warning',
      '<stdin>:5:3: error: unknown value rules.custm: did you mean "custom"?',
      expect.stringMatching(/^<stdin>:9:64: broken: rules\.custom\[0\]\.metricsQuery: /),
      '<stdin>:10:27: warning: rules.custom[1].seriesQuery: Helm expands this template, so the rule is not checked here: check the rules file that `helm template` renders',
      expect.stringContaining('14:3: broken: rules.resource.memory: `memory` is missing'),
      expect.stringContaining('15:10: broken: rules.resource.cpu: `cpu` is missing'),
      '',
    ]);
  });

  it('prints a summary of the rules in chart values, and accepts values without rules', async () => {
    const rule =
      GOOD.split('externalRules')[0]?.replace('rules:', '').replaceAll('\n', '\n  ') ?? '';
    const { code, out } = await run(['--helm-values=-'], `rules:\n  custom:${rule}\n`);
    expect(code).toBe(0);
    expect(out).toContain('\nrules.custom[0]\n');
    for (const values of ['', 'rules: {}', 'rules:', 'image: {tag: x}', 'rules: {custom: {}}']) {
      expect((await run(['--helm-values=-'], values)).code).toBe(0);
    }
    expect((await run(['--helm-values=-'], 'rules: []')).code).toBe(1);
    expect((await run(['-', '--helm-values=-'])).code).toBe(2);
  });

  it('names the missing section of resourceRules', async () => {
    const text = GOOD.replace('  memory: *rule\n', '');
    const { code, out } = await run(['-'], text);
    expect(code).toBe(1);
    expect(out.split('\n').filter((line) => line.startsWith('<stdin>:'))).toEqual([
      expect.stringContaining('1 broken, 0 warnings'),
      '<stdin>:14:1: broken: resourceRules.memory: `memory` is missing in resourceRules, so CPU and memory cannot be served: both `cpu` and `memory` are required, each with containerQuery, nodeQuery and resources',
    ]);
  });

  it('prints a diagnostic of a multi-line block on one line, with its position', async () => {
    for (const style of ['|', '>', '>-', '|2-']) {
      const { out } = await run(
        ['-'],
        `rules:
- seriesQuery: up
  resources: {template: <<.Resource>>}
  metricsQuery: ${style}
    sum(
      rate(<<.Series>>{<<.LabelMatchers>>}[5m])

      + on (pod)
        max(<<.Series>>{<<.LabelMatchers>>) by (pod)
    ) by (<<.GroupBy>>)
`,
      );
      const [, fault, ...others] = out.trimEnd().split('\n');
      expect(fault).toMatch(/^<stdin>:9:43: broken: rules\[0\]\.metricsQuery: /);
      expect(others).toEqual([]);
    }
  });

  it('reports a problem in generated text at the action of the template', async () => {
    const { out } = await run(
      ['-'],
      `rules:
- seriesQuery: up
  resources: {template: <<.Resource>>}
  metricsQuery: |-
    <<- $by := .GroupBy ->>
    sum(<<.Series>>{<<.LabelMatchers>>}) by (<<$by>>)
      <<if .Series>> / <<end>>
        <<.Series>>{<<.LabelMatchers>>}[<<index .LabelValuesByName "x">>]
`,
    );
    expect(out).toMatch(/^<stdin>:8:\d+: /m);
  });

  it('prints its help', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: prom-metrics-adapter check FILE/);
  });
});
