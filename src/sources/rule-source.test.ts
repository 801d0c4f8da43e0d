import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { builtinResourceMapper } from '../kubernetes/discovery/builtin-resources.ts';
import { formatOrigin, ruleName } from '../rules/origin.ts';
import { openRulesFile } from './file/rules-file.ts';
import { mergeSources, type RuleSource } from './rule-source.ts';

let directory: string;
let opened: RuleSource[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'rule-sources-'));
  opened = [];
});

afterEach(async () => {
  for (const source of opened) source.close();
  await rm(directory, { recursive: true });
});

function rulesFor(...series: readonly string[]): string {
  const items = series.map(
    (name) =>
      `- {seriesQuery: ${name}, resources: {template: <<.Resource>>}, metricsQuery: 'sum(<<.Series>>{<<.LabelMatchers>>}) by (<<.GroupBy>>)'}\n`,
  );
  return `rules:\n${items.join('')}`;
}

const USAGE = `resourceRules:
  cpu: &usage
    containerQuery: sum(c{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    nodeQuery: sum(n{<<.LabelMatchers>>}) by (<<.GroupBy>>)
    resources: {template: <<.Resource>>}
    containerLabel: container
  memory: *usage
`;

async function write(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, text);
  return file;
}

/** Opens a rules file. Its reports are the numbers of rules accepted, and the reasons of rejections. */
async function open(file: string, reports: unknown[] = []): Promise<RuleSource | undefined> {
  const mapper = builtinResourceMapper();
  const source = await openRulesFile({
    path: file,
    resources: {
      mapper: () => mapper,
      mayLackResources: () => false,
      refresh: async () => undefined,
      onChange: () => undefined,
    },
    checkPromql: true,
    pollIntervalMs: 0,
    onAccepted: ({ custom }) => reports.push(custom.length),
    onRejected: (_, reason) => reports.push(reason),
    onUnwatched: (error) => reports.push(error),
  });
  if (source !== undefined) opened.push(source);
  return source;
}

async function openValid(file: string, reports?: unknown[]): Promise<RuleSource> {
  const source = await open(file, reports);
  if (source === undefined) throw new Error('rejected');
  return source;
}

function originsIn(source: RuleSource): readonly string[] {
  return source
    .current()
    .custom.map(({ origin }) => `${path.basename(formatOrigin(origin))} ${ruleName(origin)}`);
}

describe('a rules file', () => {
  it('has its last valid version, and reports changes', async () => {
    const reports: unknown[] = [];
    const file = await write('a.yaml', rulesFor('x'));
    const source = await openValid(file, reports);
    const changes = vi.fn();
    source.onChange(changes);
    expect(originsIn(source)).toEqual(['a.yaml:2 rules[0]']);

    await write('a.yaml', rulesFor('x', 'y'));
    await vi.waitFor(() => expect(changes).toHaveBeenCalledTimes(1), 5_000);
    expect(originsIn(source)).toEqual(['a.yaml:2 rules[0]', 'a.yaml:3 rules[1]']);

    await write('a.yaml', 'rules: 1');
    await vi.waitFor(() => expect(reports).toEqual([1, 2, 'faults']), 5_000);
    expect(source.current().custom).toHaveLength(2);

    await write('a.yaml', rulesFor('z'));
    await vi.waitFor(() => expect(changes).toHaveBeenCalledTimes(2), 5_000);
    expect(reports).toEqual([1, 2, 'faults', 1]);
  });

  it('is not opened if its first version is invalid', async () => {
    const reports: unknown[] = [];
    expect(await open(await write('a.yaml', 'nope: 1'), reports)).toBeUndefined();
    expect(reports).toEqual(['faults']);
  });
});

describe('mergeSources', () => {
  it('lets the first source take precedence', async () => {
    const first = await openValid(await write('first.yaml', rulesFor('x', 'y')));
    const second = await openValid(await write('second.yaml', `${rulesFor('z')}${USAGE}`));
    const merged = mergeSources([first, second]);
    // Of two rules for the same metric the later one is used.
    expect(originsIn(merged)).toEqual([
      'second.yaml:2 rules[0]',
      'first.yaml:2 rules[0]',
      'first.yaml:3 rules[1]',
    ]);
    expect(merged.current().resource).toBe(second.current().resource);
    expect(merged.current().resource?.origin.line).toBe(4);
    expect(mergeSources([second, first]).current().resource).toBe(second.current().resource);
  });

  it('is immutable, and a new set after a change of one source', async () => {
    const first = await openValid(await write('first.yaml', rulesFor('x')));
    const second = await openValid(await write('second.yaml', rulesFor('y')));
    const merged = mergeSources([first, second]);
    const before = merged.current();
    expect(Object.isFrozen(before) && Object.isFrozen(before.custom)).toBe(true);
    expect(merged.current()).toBe(before);
    const changes = vi.fn();
    merged.onChange(changes);
    await write('second.yaml', rulesFor('y', 'z'));
    await vi.waitFor(() => expect(changes).toHaveBeenCalledTimes(1), 5_000);
    expect(before.custom).toHaveLength(2);
    expect(merged.current().custom).toHaveLength(3);
  });

  it('reloads every source', async () => {
    const reports: unknown[] = [];
    const first = await openValid(await write('first.yaml', rulesFor('x')), reports);
    const second = await openValid(await write('second.yaml', rulesFor('y')), reports);
    mergeSources([first, second]).reload();
    await vi.waitFor(() => expect(reports).toEqual([1, 1, 1, 1]), 5_000);
  });
});

it('a rejected file is read once after a change of the resources, also if the load changes them', async () => {
  const file = await write('rules.yaml', rulesFor('a'));
  const listeners: (() => void)[] = [];
  let refreshes = 0;
  const rejections: unknown[] = [];
  const mapper = builtinResourceMapper();
  const source = await openRulesFile({
    path: file,
    resources: {
      mapper: () => mapper,
      mayLackResources: () => false,
      async refresh() {
        refreshes += 1;
        for (const listener of listeners) listener();
      },
      onChange: (listener) => listeners.push(listener),
    },
    checkPromql: true,
    pollIntervalMs: 0,
    onAccepted: () => undefined,
    onRejected: (_, reason) => rejections.push(reason),
    onUnwatched: () => undefined,
  });
  if (source !== undefined) opened.push(source);
  await writeFile(file, 'rules: 1\n');
  await vi.waitFor(() => expect(rejections).toHaveLength(1), { timeout: 20_000 });
  for (const listener of listeners) listener();
  await vi.waitFor(() => expect(rejections).toHaveLength(2), { timeout: 20_000 });
  // Longer than another load takes.
  await sleep(1_000);
  expect(rejections).toHaveLength(2);
  expect(refreshes).toBe(2);
});
