import type { Readable, Writable } from 'node:stream';
import { flag } from '../cli/flag.ts';
import { parseFlags } from '../cli/parse-flags.ts';
import { MAX_FILE_BYTES } from '../files/bounded-read.ts';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import type { Severity } from '../rules/fault.ts';
import { type Configuration, readConfiguration } from '../sources/file/configuration.ts';
import type { FileForm } from '../sources/file/content.ts';
import { type Fault, formatFault } from '../sources/file/fault.ts';
import { decodeRulesText, type RulesText, readRulesText } from '../sources/file/load.ts';
import { type RuleSummary, summarize } from './rule-summary.ts';

const USAGE = `Usage: prom-metrics-adapter check FILE... [flags]

Checks rules files and prints their faults, one a line, or else what each rule serves. "-" is standard
input. No cluster and no Prometheus are asked.

Flags:
      --helm-values FILE  values of the Helm chart: checks the rules in rules.custom, rules.external and
                          rules.resource; the rules that come with the chart are not checked
  -o, --output text|json  how to print the findings (default text)
  --strict                warnings are faults, too
  --check-promql=false    queries need not be PromQL: for servers with more than PromQL, such as
                          VictoriaMetrics
  -h, --help              this text

Exit codes: 0 no faults (warnings are allowed), 1 faults, 2 wrong usage or a file cannot be read.
`;

const FLAGS = {
  output: flag.oneOf({
    name: 'output',
    shorthand: 'o',
    words: ['text', 'json'],
    default: 'text',
    help: 'How to print the findings.',
  }),
  strict: flag.bool({ name: 'strict', default: false, help: 'Warnings are faults, too.' }),
  helmValues: flag.string({
    name: 'helm-values',
    kind: 'file',
    default: '',
    help: 'Values of the Helm chart whose rules are checked.',
  }),
  checkPromql: flag.bool({
    name: 'check-promql',
    default: true,
    help: 'Whether queries must be PromQL.',
  }),
  help: flag.bool({ name: 'help', shorthand: 'h', default: false, help: 'Show this help.' }),
};

/** Where a command reads and writes. */
export interface CommandStreams {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdin: Readable;
}

/** A file to check. */
interface Input {
  /** `-` is standard input. */
  readonly path: string;
  readonly form: FileForm;
}

interface CheckRequest {
  readonly inputs: readonly Input[];
  readonly output: 'text' | 'json';
  readonly strict: boolean;
  readonly checkPromql: boolean;
}

/** What was found in one file. */
interface Finding {
  readonly file: string;
  /** Undefined where the file cannot be read. */
  readonly text: string | undefined;
  readonly faults: readonly Fault[];
  readonly configuration: Configuration | undefined;
  readonly summaries: readonly RuleSummary[];
}

/**
 * The subcommand `check`.
 *
 * @param args what follows `check` on the command line
 * @returns the exit code, fit for CI: 0 good, 1 faults, 2 wrong usage or unreadable file
 */
export async function check(args: readonly string[], streams: CommandStreams): Promise<number> {
  const request = readArguments(args);
  if ('problems' in request) {
    const lines = request.problems.map((problem) => `check: ${problem}\n`);
    streams.stderr.write(`${lines.join('')}\n${USAGE}`);
    return 2;
  }
  if ('help' in request) {
    streams.stdout.write(USAGE);
    return 0;
  }
  const findings: Finding[] = [];
  for (const input of request.inputs) {
    findings.push(examine(input, await readInput(input.path, streams.stdin), request));
  }
  streams.stdout.write(
    request.output === 'json' ? formatJson(findings, request) : formatText(findings),
  );
  return exitCode(findings, request.strict);
}

function readArguments(
  args: readonly string[],
): CheckRequest | { readonly problems: readonly string[] } | { readonly help: true } {
  const line = parseFlags(Object.values(FLAGS), args);
  if (line.value(FLAGS.help)) return { help: true };
  const { faults, positionals: files } = line;
  if (faults.length > 0) return { problems: faults };
  const values = line.value(FLAGS.helmValues);
  const inputs: readonly Input[] = [
    ...files.map((path): Input => ({ path, form: 'rules' })),
    ...(values === '' ? [] : [{ path: values, form: 'helm values' } as const]),
  ];
  if (inputs.length === 0) {
    return { problems: ['no file given: expected check FILE or check --helm-values FILE'] };
  }
  if (inputs.filter(({ path }) => path === '-').length > 1) {
    return { problems: ['standard input (-) can be read only once'] };
  }
  return {
    inputs,
    output: line.value(FLAGS.output),
    strict: line.value(FLAGS.strict),
    checkPromql: line.value(FLAGS.checkPromql),
  };
}

async function readInput(file: string, stdin: Readable): Promise<RulesText> {
  if (file !== '-') return readRulesText(file);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes: Uint8Array = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    length += bytes.length;
    if (length > MAX_FILE_BYTES) break;
  }
  return decodeRulesText(nameOf(file), Buffer.concat(chunks));
}

function nameOf(file: string): string {
  return file === '-' ? '<stdin>' : file;
}

function examine(
  { path, form }: Input,
  { text, fault }: RulesText,
  request: CheckRequest,
): Finding {
  const file = nameOf(path);
  if (fault !== undefined) {
    return { file, text: undefined, faults: [fault], configuration: undefined, summaries: [] };
  }
  const mapper = builtinResourceMapper();
  const { configuration, faults } = readConfiguration(file, text, {
    mapper,
    checkPromql: request.checkPromql,
    // Without a cluster at hand it may well exist there.
    unknownResource: 'warning',
    form,
  });
  const summaries = configuration === undefined ? [] : summarize(configuration, mapper);
  return { file, text, faults, configuration, summaries };
}

function exitCode(findings: readonly Finding[], strict: boolean): number {
  if (findings.some(({ text }) => text === undefined)) return 2;
  return findings.every((finding) => isGood(finding, strict)) ? 0 : 1;
}

function isGood({ faults }: Finding, strict: boolean): boolean {
  return faults.every(({ severity }) => severity === 'warning' && !strict);
}

function formatText(findings: readonly Finding[]): string {
  return findings
    .flatMap((finding) => [
      headline(finding),
      ...finding.faults.map(formatFault),
      ...summaryLines(finding),
      '',
    ])
    .join('\n');
}

/** e.g. `rules.yaml: 12 custom rules, 2 external rules; 0 errors, 1 broken, 3 warnings`. */
function headline({ file, configuration, faults }: Finding): string {
  const count = (severity: Severity): number =>
    faults.filter((fault) => fault.severity === severity).length;
  const counts = [
    plural(count('error'), 'error'),
    `${count('broken')} broken`,
    plural(count('warning'), 'warning'),
  ].join(', ');
  if (configuration === undefined) return `${file}: ${counts}`;
  const { custom, external, resource } = configuration;
  const rules = [
    plural(custom.length, 'custom rule'),
    plural(external.length, 'external rule'),
    ...(resource === undefined ? [] : ['resource rules']),
  ].join(', ');
  return `${file}: ${rules}; ${counts}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function summaryLines({ summaries, faults }: Finding): readonly string[] {
  if (faults.some(({ severity }) => severity !== 'warning')) return [];
  return summaries.flatMap(({ field, facts }) => [
    field,
    ...facts.map(([name, value]) => `  ${name.padEnd(10)} ${value}`),
  ]);
}

function formatJson(findings: readonly Finding[], { strict }: CheckRequest): string {
  const files = findings.map((finding) => ({
    file: finding.file,
    ok: isGood(finding, strict),
    faults: finding.faults,
    rules: finding.summaries.map(({ field, facts }) => ({ field, ...Object.fromEntries(facts) })),
  }));
  return `${JSON.stringify({ ok: files.every(({ ok }) => ok), files }, null, 2)}\n`;
}
