import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/commands/check.ts';
import type { TemplateRule } from '../../src/rules/template-rule/template-rule.ts';
import { type Configuration, readConfiguration } from '../../src/sources/file/configuration.ts';
import { recordedClusterMapper } from './cluster-mapper.ts';
import { configNames, readData } from './recorded-cases.ts';

const configs = configNames.map((name) => readData(`configs/${name}.yaml`));
const oddConfigs: readonly string[] = JSON.parse(readData('invalid.json')).map(
  ({ config }: { config: string }) => config,
);

const options = {
  mapper: recordedClusterMapper(),
  checkPromql: true,
  unknownResource: 'error',
} as const;

interface ReportedFault {
  readonly severity: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Runs `check` on standard input: with either output, for neither may fail. */
async function checked(bytes: Buffer): Promise<{ code: number; faults: readonly ReportedFault[] }> {
  const run = async (output: string) => {
    const stdout = new PassThrough();
    const out = text(stdout);
    const streams = { stdout, stderr: new PassThrough(), stdin: Readable.from([bytes]) };
    const code = await check(['-', '--output', output], streams);
    stdout.end();
    return { code, out: await out };
  };
  const [asText, asJson] = [await run('text'), await run('json')];
  expect(asText.code).toBe(asJson.code);
  expect(asText.out).toMatch(/^<stdin>: /);
  return { code: asJson.code, faults: JSON.parse(asJson.out).files[0].faults };
}

/** For any input, the exit code fits the faults and every fault has a place in the file. */
async function expectSense(input: string | Buffer): Promise<void> {
  const bytes = Buffer.from(input);
  const { code, faults } = await checked(bytes);
  const lines = bytes.toString().split(/\r\n?|\n/);
  for (const { line, column, message } of faults) {
    expect(message).not.toBe('');
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
  }
  const isUnreadable = faults.some(({ message }) => message.startsWith('not UTF-8'));
  const isBad = faults.some(({ severity }) => severity !== 'warning');
  expect(code).toBe(isUnreadable ? 2 : isBad ? 1 : 0);
}

describe('check, with any input', () => {
  it('makes sense of random text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), expectSense), {
      numRuns: 300,
    });
  });

  it('makes sense of random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        expectSense(Buffer.from(bytes)),
      ),
      { numRuns: 200 },
    );
  });

  it('makes sense of text that is nearly YAML', async () => {
    const token = fc.constantFrom(
      ...['rules', 'externalRules', 'resourceRules', 'name', 'as', 'matches', 'resources', 'cpu'],
      ...['overrides', 'template', 'seriesQuery', 'metricsQuery', 'seriesFilters', 'is', 'window'],
      ...[': ', ':', '- ', '\n', '\n  ', '\n- ', '{', '}', '[', ']', ', ', '"', "'", '|\n', '>-\n'],
      ...['&a ', '*a', '<<: ', '? ', '!!str ', '~', '#', '---\n', '...\n', '\t', '\uFEFF', '%'],
      ...['<<.Series>>', '<<if .X>>', '<<end>>', '<<', '(', '(?P<x>', 'a{1000}', 'up{', '5m', '\\'],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 40 }), (tokens) =>
        expectSense(tokens.join('')),
      ),
      { numRuns: 1_000 },
    );
  });

  it('makes sense of recorded configurations with bytes changed', async () => {
    const config = fc.constantFrom(...configs, ...oddConfigs);
    const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        config,
        fc.array(change, { minLength: 1, maxLength: 5 }),
        (from, changes) => {
          const bytes = Buffer.from(from);
          for (const [place, byte] of changes) bytes[Math.floor(place * bytes.length)] = byte;
          return expectSense(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('makes sense of recorded configurations with lines repeated, moved and left out', async () => {
    const config = fc.constantFrom(...configs, ...oddConfigs);
    const edit = fc.tuple(fc.nat(1_000), fc.nat(1_000), fc.constantFrom('copy', 'drop'));
    await fc.assert(
      fc.asyncProperty(config, fc.array(edit, { minLength: 1, maxLength: 4 }), (from, edits) => {
        const lines = from.split('\n');
        for (const [place, source, kind] of edits) {
          const line = lines[source % lines.length] ?? '';
          if (kind === 'copy') lines.splice(place % lines.length, 0, line);
          else lines.splice(place % lines.length, 1);
        }
        return expectSense(lines.join('\n'));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['deep flow lists', '['.repeat(100_000)],
    ['deep flow fields', '{a: '.repeat(100_000)],
    ['deep block lists', `${'- '.repeat(100_000)}x`],
    ['many open quotes', '"\n'.repeat(50_000)],
    ['many lines indented too little', `rules: [${'\n{}, '.repeat(20_000)}]`],
    ['many byte order marks', `rules: |\n${'\uFEFF# \n'.repeat(20_000)}`],
    ['a long line', `rules: '${'x'.repeat(1_000_000)}'`],
    ['many fields', Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['many anchors', 'rules: &a\n'.concat('- &a {}\n'.repeat(4_000))],
    ['many empty rules', `rules: [${'{},'.repeat(4_000)}]`],
    [
      'rules that are aliases of a large one',
      `rules:\n- &r {metricsQuery: '${'<<.Series>>'.repeat(1_000)}'}\n${'- *r\n'.repeat(50)}`,
    ],
    ['nested parentheses', `rules: [{seriesQuery: up, metricsQuery: '${'('.repeat(100_000)}'}]`],
    ['nested groups', `rules: [{name: {matches: '${'('.repeat(10_000)}${')'.repeat(10_000)}'}}]`],
  ])('comes to an end for %s', async (_name, input) => {
    expect([0, 1, 2]).toContain((await checked(Buffer.from(input))).code);
  });
});

/** The meaning of rules, in a form that can be compared. */
function meanings(configuration: Configuration): Readonly<Record<string, readonly string[]>> {
  const meaning = ({ definition }: TemplateRule): string => {
    const { resources } = definition;
    return JSON.stringify([definition, [...resources.overrides]]);
  };
  return {
    rules: configuration.custom.map(meaning),
    externalRules: configuration.external.map(meaning),
  };
}

/*
 * A file that is cut off between two rules is valid. In all other cases no rule may differ from the
 * original.
 */
describe('a file that is cut off', () => {
  it.each(configNames)('has the rules of %s as they are, or is refused on reload', (name) => {
    const whole = readData(`configs/${name}.yaml`);
    const { configuration } = readConfiguration(name, whole, options);
    if (configuration === undefined) throw new Error('expected the whole file to be good');
    const wanted = meanings(configuration);
    const step = Math.ceil(whole.length / 400);
    let refused = 0;
    for (let length = 0; length < whole.length; length += step) {
      const cut = readConfiguration(name, whole.slice(0, length), options);
      if (cut.configuration === undefined) refused++;
      const isBroken = (list: string, index: number): boolean =>
        cut.faults.some(
          ({ severity, field }) => severity === 'broken' && field.startsWith(`${list}[${index}].`),
        );
      for (const [list, found] of Object.entries(
        (cut.configuration && meanings(cut.configuration)) || {},
      )) {
        for (const [index, meaning] of found.entries()) {
          const isAsWritten = meaning === wanted[list]?.[index];
          expect(isAsWritten || isBroken(list, index), whole.slice(0, length)).toBe(true);
        }
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
