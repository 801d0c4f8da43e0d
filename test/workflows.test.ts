import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');
const files = globSync('.github/workflows/*.yaml', { cwd: root }).toSorted();

interface Step {
  readonly uses: string | undefined;
  readonly run: string | undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function stepsOf(file: string): readonly Step[] {
  const workflow = load(readFileSync(path.join(root, file), 'utf8'));
  const jobs = Object.values(fieldOf(workflow, 'jobs') ?? {});
  const text = (step: unknown, name: string) => {
    const value = fieldOf(step, name);
    return typeof value === 'string' ? value : undefined;
  };
  return jobs
    .flatMap((job) => fieldOf(job, 'steps'))
    .map((step) => ({ uses: text(step, 'uses'), run: text(step, 'run') }));
}

it('workflows for tests and releases exist', () => {
  expect(files.map((file) => path.basename(file))).toEqual(['release.yaml', 'test.yaml']);
});

describe.each(files)('%s', (file) => {
  const steps = stepsOf(file);

  it('runs make test', () => {
    expect(steps.map(({ run }) => run)).toContain('make test');
  });

  it('pins actions to a major version', () => {
    const actions = steps.flatMap(({ uses }) => uses ?? []);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([]);
  });

  it('runs scripts that exist', () => {
    const scripts = steps.flatMap(({ run = '' }) => run.match(/scripts\/[\w/.-]+/g) ?? []);
    expect(() => scripts.map((script) => readFileSync(path.join(root, script)))).not.toThrow();
  });
});
