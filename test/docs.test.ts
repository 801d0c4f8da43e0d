import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { SERVE_FLAGS } from '../src/cli/serve/serve-flags.ts';
import { check } from '../src/commands/check.ts';
import { createMonitoring } from '../src/commands/serve/monitoring.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const documents = globSync(
  ['*.md', 'docs/*.md', 'examples/**/*.md', 'charts/**/*.md', '.github/**/*.md'],
  {
    cwd: root,
  },
)
  .map((path) => ({ path, text: read(path) }))
  .toSorted((a, b) => (a.path < b.path ? -1 : 1));

const sourceFiles = globSync('{src,test,scripts}/**/*.ts', { cwd: root });

/** Flags of other programs that the documents name outside of commands. */
const foreignFlags = new Set([
  // Prometheus and Thanos
  '--query.max-concurrency',
  '--query.replica-label',
  // kube-apiserver
  '--enable-aggregator-routing',
  // kubectl
  '--as',
  '--selector',
  // helm
  '--server-side',
  '--set',
  '--take-ownership',
  // k3s
  '--disable',
  // Node.js
  '--cpu-prof',
  // scripts/build.ts
  '--packages',
]);
const checkFlags = ['--output', '--strict', '--check-promql', '--helm-values', '--help'];
const serveFlags = SERVE_FLAGS.map(({ name }) => `--${name}`);
const benchSources = globSync('test/bench/**/*.ts', { cwd: root }).map(read).join('\n');

function isBenchFlag(flag: string): boolean {
  return new RegExp(`\\b${flag.slice(2)}'?: \\{`).test(benchSources);
}

/** Every match of the pattern's first group. */
function found(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, match = '']) => match);
}

/** The commands of the blocks with a prompt, each in one line. */
function commandsIn(text: string): readonly string[] {
  return found(text, /^ *```console\n([\s\S]*?)^ *```/gm)
    .map((block) => block.replaceAll(/\\\n\s*/g, ''))
    .flatMap((block) => found(block, /^ *\$ (.*)$/gm));
}

/** The texts between backticks within a line. */
function codeIn(text: string): readonly string[] {
  return found(text.replaceAll(/^ *```[\s\S]*?^ *```/gm, ''), /`([^`\n]+)`/g);
}

const flagsIn = (words: string) => found(words, /(?<![\w-])(--[a-z][a-z0-9.-]*)/g);

/** The anchors that GitHub makes of headings. */
function anchorsIn(text: string): readonly string[] {
  return found(text, /^#+ (.*)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(documents)('$path', ({ path, text }) => {
  it('links to files and headings that exist', () => {
    const links = found(text, /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names files that exist', () => {
    const files = found(text, /\b((?:src|test|scripts|examples|charts|config)\/[\w/.-]+\.\w+)/g);
    // Within src the room is enough, and results are written by the benches.
    const isThere = (file: string) =>
      existsSync(join(root, file)) ||
      existsSync(join(root, 'src', file)) ||
      file.startsWith('test/bench/results/');
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it('names source files that exist, by the end of their path', () => {
    const named = codeIn(text).filter((code) => /^[\w./-]+\.ts$/.test(code));
    const known = (name: string) => sourceFiles.some((file) => `/${file}`.endsWith(`/${name}`));
    expect(named.filter((name) => !known(name))).toEqual([]);
  });

  it('gives the program flags that it has', () => {
    const commands = commandsIn(text)
      .flatMap((line) => line.split(' | '))
      .filter((command) => /^(\S*\/)?prom-metrics-adapter /.test(command));
    const unknown = commands.flatMap((command) => {
      const known = / check /.test(command) ? checkFlags : serveFlags;
      return flagsIn(command).filter((flag) => !known.includes(flag));
    });
    expect(unknown).toEqual([]);
  });

  it('names flags that exist', () => {
    const known = new Set([...serveFlags, ...checkFlags, ...foreignFlags]);
    const named = codeIn(text)
      .filter((code) => code.startsWith('--'))
      .flatMap(flagsIn);
    expect(named.filter((flag) => !known.has(flag) && !isBenchFlag(flag))).toEqual([]);
  });

  it('names targets that make has', () => {
    const targets = new Set(
      found(read('Makefile'), /^([a-z0-9 -]+):/gm).flatMap((line) => line.split(' ')),
    );
    const named = [...codeIn(text), ...commandsIn(text)].flatMap((code) =>
      found(code, /^make ([a-z0-9-]+)/g),
    );
    expect(named.filter((target) => !targets.has(target))).toEqual([]);
  });

  // A changelog has the names of metrics of the past.
  it.skipIf(path.endsWith('CHANGELOG.md'))('names metrics that the program has', async () => {
    const { body } = await createMonitoring().render();
    const known = new Set(found(body, /^# TYPE (\S+)/gm));
    const named = [
      ...found(text, /\b(prom_metrics_adapter_[a-z_]+[a-z])\b/g),
      // Of a table whose head has their common prefix.
      ...found(text, /^\| ((?:`[a-z_{}]+`(?:, )?)+) \|/gm)
        .filter(() => text.includes('metric (`prom_metrics_adapter_...`)'))
        .flatMap((cell) =>
          found(cell, /`([a-z_]+)/g).map((name) => `prom_metrics_adapter_${name}`),
        ),
    ];
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

it('the documents are read', () => {
  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/flags.md', 'examples/nginx/README.md']),
  );
  const commands = documents.flatMap(({ text }) => commandsIn(text));
  expect(commands.length).toBeGreaterThan(30);
});

it('the messages of check in docs/rules.md exist', () => {
  const [, section = ''] = read('docs/rules.md').split('Common messages:\n');
  const [table = ''] = section.split('\n###');
  const rows = found(table, /^\| (`.*?`) \| /gm).flatMap((cell) => found(cell, /`([^`]+)`/g));
  const fragments = rows
    .flatMap((message) => message.split(/\.\.\.|: /))
    .map((text) => text.trim());
  const sources = [
    ...globSync('src/**/*.ts', { cwd: root }),
    'node_modules/js-yaml/dist/js-yaml.mjs',
  ];
  // Markdown has no code within code, so the table omits backticks of messages.
  const messages = sources.map(read).join('\n').replaceAll(/[`\\]/g, '');
  expect(rows.length).toBeGreaterThan(20);
  expect(fragments.filter((text) => text.length > 3 && !messages.includes(text))).toEqual([]);
});

describe('the first rules file', () => {
  const readme = read('README.md');
  const guide = read('docs/getting-started.md');
  const [rules = ''] = found(guide, /```yaml\n([\s\S]*?)```/g);

  it('is the same in the README and in the guide, with the same output', async () => {
    expect(readme).toContain(rules);
    expect(readme).toContain((await checkText(rules)).output);
  });

  it.each([
    ['as it is', rules, 0],
    ['with a parenthesis left out', rules.replace('[1m]))', '[1m])'), 1],
  ])('is checked with the output that is shown, %s', async (_, text, code) => {
    const { output, exitCode } = await checkText(text);
    expect(exitCode).toBe(code);
    expect(guide).toContain(output);
  });
});

/** What `check rules.yaml` prints of a file with that text. */
async function checkText(rules: string) {
  const directory = await mkdtemp(join(tmpdir(), 'docs-'));
  try {
    const file = join(directory, 'rules.yaml');
    await writeFile(file, rules);
    const stdout = new PassThrough();
    const printed = textOf(stdout);
    const streams = { stdout, stderr: new PassThrough(), stdin: new PassThrough() };
    const exitCode = await check([file], streams);
    stdout.end();
    return { output: (await printed).replaceAll(`${directory}/`, ''), exitCode };
  } finally {
    await rm(directory, { recursive: true });
  }
}
