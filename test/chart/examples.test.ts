import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { fieldOf, listOf, parseManifests, renderChart } from './helm.ts';
import { checkRules } from './rules-check.ts';

const examples = join(import.meta.dirname, '../../examples');

async function folders(): Promise<readonly string[]> {
  const entries = await readdir(examples, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

const names = await folders();

describe.each(names)('examples/%s', (name) => {
  const file = (...path: readonly string[]) => readFile(join(examples, name, ...path), 'utf8');

  it('has rules without any fault', async () => {
    expect(await checkRules(await file('rules.yaml'), '--strict')).toMatchObject({ code: 0 });
  });

  it('scales on a metric that its rules serve, of the object that it is about', async () => {
    const [autoscaler] = parseManifests(await file('manifests', 'hpa.yaml'));
    const [metric] = listOf(autoscaler, 'spec.metrics');
    const kind = String(fieldOf(metric, 'type')).toLowerCase();
    const metricName = String(fieldOf(metric, `${kind}.metric.name`));
    const { output } = await checkRules(await file('rules.yaml'));
    expect(output).toMatch(new RegExp(`^\\s+name\\s+.* -> ${metricName}$`, 'm'));
    if (kind === 'external') return;
    const object = kind === 'pods' ? 'pod' : fieldOf(metric, `${kind}.describedObject.kind`);
    expect(output).toMatch(new RegExp(`^\\s+resources\\s+.* -> ${object}\\b`, 'im'));
  });

  it('is in the index', async () => {
    const index = await readFile(join(examples, 'README.md'), 'utf8');
    expect(index).toContain(`(${name}/README.md)`);
    expect(await file('README.md')).toContain('kubectl get');
  });
});

describe('examples/nginx', () => {
  it('has the rules of its values in a file of their own', async () => {
    const values = load(await readFile(join(examples, 'nginx/values.yaml'), 'utf8'));
    const rules = load(await readFile(join(examples, 'nginx/rules.yaml'), 'utf8'));
    expect(dump(fieldOf(values, 'rules.custom'))).toBe(dump(fieldOf(rules, 'rules')));
    const rendered = await renderChart({ files: [join(examples, 'nginx/values.yaml')] });
    expect(rendered.map(({ kind }) => kind)).toContain('ServiceMonitor');
  });

  it('names every manifest in its README', async () => {
    const readme = await readFile(join(examples, 'nginx/README.md'), 'utf8');
    for (const file of await readdir(join(examples, 'nginx/manifests'))) {
      expect(readme).toContain(`\`${file}\``);
    }
  });
});
