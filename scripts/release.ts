// Writes the version of a release to all files that have it, and dates the changelogs:
//
//   scripts/with-node node scripts/release.ts 0.2.0
//
// Checks that all files have one version, and that a tag is that version:
//
//   scripts/with-node node scripts/release.ts --check [v0.2.0]
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reasonsOf } from './parts/error-reasons.ts';
import {
  CHANGELOGS,
  checkNewVersion,
  DERIVED,
  MANIFEST,
  versionsOf,
  withRelease,
  withVersion,
} from './release/release-files.ts';

const root = path.join(import.meta.dirname, '..');
const read = (file: string) => readFile(path.join(root, file), 'utf8');

async function currentVersion(): Promise<string> {
  const [version = ''] = versionsOf(MANIFEST, await read(MANIFEST.file));
  return version;
}

/** All files are read and changed before the first one is written. */
async function release(version: string): Promise<void> {
  checkNewVersion(version, await currentVersion());
  const date = new Date().toISOString().slice(0, 10);
  const changed: [string, string][] = [];
  for (const each of [MANIFEST, ...DERIVED]) {
    changed.push([each.file, withVersion(each, await read(each.file), version)]);
  }
  for (const file of CHANGELOGS) {
    changed.push([file, withRelease(file, await read(file), version, date)]);
  }
  for (const [file, text] of changed) {
    await writeFile(path.join(root, file), text);
    console.log(file);
  }
  console.log(`Review the changes, commit them, and tag the commit as v${version}.`);
}

async function check(tag: string | undefined): Promise<void> {
  const version = await currentVersion();
  const problems: string[] = [];
  if (tag !== undefined && tag !== `v${version}`) {
    problems.push(`expected the tag v${version}, the version of package.json, not ${tag}`);
  }
  for (const each of DERIVED) {
    const others = versionsOf(each, await read(each.file)).filter((other) => other !== version);
    if (others.length > 0) {
      problems.push(`${each.file}: expected version ${version}, found ${others.join(', ')}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

try {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [argument, ...others] = positionals;
  if (others.length > 0 || (argument === undefined && !values.check)) {
    throw new Error('usage: release.ts VERSION, or release.ts --check [TAG]');
  }
  await (values.check ? check(argument) : release(argument ?? ''));
} catch (error) {
  console.error(reasonsOf(error));
  process.exitCode = 1;
}
