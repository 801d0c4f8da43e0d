import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_FILE_BYTES } from '../../files/bounded-read.ts';
import { builtinResourceMapper } from '../../kubernetes/discovery/builtin-resources.ts';
import { formatFault } from './fault.ts';
import { decodeRulesText, loadConfigurationFile, readRulesText } from './load.ts';

const options = {
  mapper: builtinResourceMapper(),
  checkPromql: true,
  unknownResource: 'error',
} as const;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'load-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function faultsOf(content: string | Uint8Array): Promise<readonly string[]> {
  const path = join(directory, 'rules.yaml');
  await writeFile(path, content);
  const { configuration, faults } = await loadConfigurationFile(path, options);
  expect(configuration).toBeUndefined();
  return faults.map((fault) => formatFault({ ...fault, file: 'f' }));
}

describe('loadConfigurationFile', () => {
  it('loads a file', async () => {
    const path = join(directory, 'good.yaml');
    await writeFile(path, '\uFEFFrules: []\n');
    const { configuration, faults } = await loadConfigurationFile(path, options);
    expect(faults).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('there are no rules') },
    ]);
    expect(configuration).toEqual({ custom: [], external: [], resource: undefined });
  });

  it('names the file in every fault', async () => {
    const path = join(directory, 'bad.yaml');
    await writeFile(path, 'nope: 1\n');
    const { faults } = await loadConfigurationFile(path, options);
    expect(faults.map(({ file }) => file)).toEqual([path]);
  });

  it('reports why a file cannot be read', async () => {
    const missing = await loadConfigurationFile(join(directory, 'missing.yaml'), options);
    expect(missing.faults.map(formatFault)).toEqual([
      `${join(directory, 'missing.yaml')}: error: cannot be read: there is no such file`,
    ]);
    const folder = await loadConfigurationFile(directory, options);
    expect(folder.faults.map(formatFault)).toEqual([
      `${directory}: error: cannot be read: it is a directory`,
    ]);
  });

  it('reports missing permissions', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may read everything');
    const path = join(directory, 'secret.yaml');
    await writeFile(path, 'rules: []');
    await chmod(path, 0);
    const { faults } = await loadConfigurationFile(path, options);
    expect(faults.map(({ message }) => message)).toEqual(['cannot be read: permission denied']);
  });

  it('names the line that is not UTF-8', async () => {
    const latin1 = Buffer.from('rules:\n# gr\u00f6\u00dfe\n', 'latin1');
    expect(await faultsOf(latin1)).toEqual([expect.stringMatching(/^f:2:1: error: not UTF-8/)]);
    expect(await faultsOf(Buffer.from('\uFEFFrules: []', 'utf16le'))).toEqual([
      expect.stringMatching(/^f:1:1: error: not UTF-8/),
    ]);
  });

  it('rejects files that are too large, including endless devices', async () => {
    expect(await faultsOf('#'.repeat(MAX_FILE_BYTES + 1))).toEqual([
      expect.stringMatching(/^f: error: too large: expected at most 2097152 bytes/),
    ]);
    const { fault } = await readRulesText('/dev/zero');
    expect(fault?.message).toContain('too large');
  });

  it('rejects files that can be read only once', async () => {
    const pipe = join(directory, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      const { configuration, faults } = await loadConfigurationFile(path, options);
      expect(configuration).toBeUndefined();
      expect(faults.map(formatFault)).toEqual([
        `${path}: error: expected a regular file, which can be read again: this is a pipe or a device`,
      ]);
    }
  });
});

describe('decodeRulesText', () => {
  it('accepts a file of the maximum size', () => {
    const bytes = Buffer.alloc(MAX_FILE_BYTES, '#');
    expect(decodeRulesText('f', bytes)).toEqual({ text: '#'.repeat(MAX_FILE_BYTES) });
  });
});
