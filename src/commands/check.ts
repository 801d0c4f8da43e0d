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

Checks rules files. Prints one diagnostic per line, or a summary of each rule if there are none. "-" is
standard input. Needs no cluster and no Prometheus.

Flags:
      --helm-values FILE  values of the Helm chart: checks the rules in rules.custom, rules.external and
                          rules.resource; the default rules of the chart are not checked
  -o, --output text|json  output format (default text)
  --strict                exit with 1 if there are warnings
  --check-promql=false    do not require PromQL, for servers with extensions such as VictoriaMetrics
  -h, --help              show this help

Exit codes: 0 valid (warnings are allowed), 1 invalid, 2 wrong usage or a file cannot be read.
`;

const FLAGS = {
  output: flag.oneOf({
    name: 'output',
    shorthand: 'o',
    words: ['text', 'json'],
    default: 'text',
    help: 'Output format.',
  }),
  strict: flag.bool({ name: 'strict', default: false, help: 'Exit with 1 if there are warnings.' }),
  helmValues: flag.string({
    name: 'helm-values',
    kind: 'file',
    default: '',
    help: 'Values of the Helm chart with rules to check.',
  }),
  checkPromql: flag.bool({
    name: 'check-promql',
    default: true,
    help: 'Whether queries must be PromQL.',
  }),
  help: flag.bool({ name: 'help', shorthand: 'h', default: false, help: 'Show this help.' }),
};

/** The standard streams of a command. */
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

/** The result for one file. */
interface CheckResult {
  readonly file: string;
  /** Undefined if the file cannot be read. */
  readonly text: string | undefined;
  readonly faults: readonly Fault[];
  readonly configuration: Configuration | undefined;
  readonly summaries: readonly RuleSummary[];
}

/**
 * The subcommand `check`.
 *
 * @param args the arguments after `check` on the command line
 * @returns the exit code: 0 valid, 1 invalid, 2 wrong usage or an unreadable file
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
  const results: CheckResult[] = [];
  for (const input of request.inputs) {
    results.push(examine(input, await readInput(input.path, streams.stdin), request));
  }
  streams.stdout.write(
    request.output === 'json' ? formatJson(results, request) : formatText(results),
  );
  return exitCode(results, request.strict);
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
): CheckResult {
  const file = nameOf(path);
  if (fault !== undefined) {
    return { file, text: undefined, faults: [fault], configuration: undefined, summaries: [] };
  }
  const mapper = builtinResourceMapper();
  const { configuration, faults } = readConfiguration(file, text, {
    mapper,
    checkPromql: request.checkPromql,
    // The resource may exist in the cluster.
    unknownResource: 'warning',
    form,
  });
  const summaries = configuration === undefined ? [] : summarize(configuration, mapper);
  return { file, text, faults, configuration, summaries };
}

function exitCode(results: readonly CheckResult[], strict: boolean): number {
  if (results.some(({ text }) => text === undefined)) return 2;
  return results.every((result) => isValid(result, strict)) ? 0 : 1;
}

function isValid({ faults }: CheckResult, strict: boolean): boolean {
  return faults.every(({ severity }) => severity === 'warning' && !strict);
}

function formatText(results: readonly CheckResult[]): string {
  return results
    .flatMap((result) => [
      headline(result),
      ...result.faults.map(formatFault),
      ...summaryLines(result),
      '',
    ])
    .join('\n');
}

/** e.g. `rules.yaml: 12 custom rules, 2 external rules; 0 errors, 1 broken, 3 warnings`. */
function headline({ file, configuration, faults }: CheckResult): string {
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

function summaryLines({ summaries, faults }: CheckResult): readonly string[] {
  if (faults.some(({ severity }) => severity !== 'warning')) return [];
  return summaries.flatMap(({ field, facts }) => [
    field,
    ...facts.map(([name, value]) => `  ${name.padEnd(10)} ${value}`),
  ]);
}

function formatJson(results: readonly CheckResult[], { strict }: CheckRequest): string {
  const files = results.map((result) => ({
    file: result.file,
    ok: isValid(result, strict),
    faults: result.faults,
    rules: result.summaries.map(({ field, facts }) => ({ field, ...Object.fromEntries(facts) })),
  }));
  return `${JSON.stringify({ ok: files.every(({ ok }) => ok), files }, null, 2)}\n`;
}
