import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  CHANGELOGS,
  checkNewVersion,
  DERIVED,
  MANIFEST,
  versionsOf,
  withRelease,
  withVersion,
} from './release-files.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const [version = ''] = versionsOf(MANIFEST, read(MANIFEST.file));

describe.each(DERIVED)('$file', (each) => {
  it('has the version of package.json', () => {
    expect(new Set(versionsOf(each, read(each.file)))).toEqual(new Set([version]));
  });

  it('has the new version after a release, and no other change', () => {
    const text = read(each.file);
    const released = withVersion(each, text, '98.76.54-rc.1');
    expect(new Set(versionsOf(each, released))).toEqual(new Set(['98.76.54-rc.1']));
    expect(released.split('\n')).toHaveLength(text.split('\n').length);
    expect(withVersion(each, released, version)).toBe(text);
  });

  it('is an error without a version', () => {
    expect(() => withVersion(each, 'nothing', '1.0.0')).toThrow(`${each.file}: expected a version`);
  });
});

describe('versions of the project', () => {
  it('are those of package.json and the lock file only, not of packages', () => {
    const lock = read('package-lock.json');
    const [file] = DERIVED.filter((each) => each.file === 'package-lock.json');
    if (file === undefined) throw new Error('the lock file is not derived');
    expect(versionsOf(file, lock)).toHaveLength(2);
    expect(versionsOf(MANIFEST, read('package.json'))).toHaveLength(1);
  });

  it.each([
    ['1.0.0', '0.9.9'],
    ['0.10.0', '0.9.0'],
    ['1.0.0', '1.0.0-rc.2'],
    ['1.0.0-rc.10', '1.0.0-rc.9'],
    ['1.0.1-rc.1', '1.0.0'],
  ])('%s follows %s', (next, current) => {
    expect(() => checkNewVersion(next, current)).not.toThrow();
    expect(() => checkNewVersion(current, next)).toThrow(`expected a version above ${next}`);
    expect(() => checkNewVersion(next, next)).toThrow('expected a version above');
  });

  it.each(['v1.0.0', '1.0', '1.0.0.0', '1.0.0-', '', '1.0.0 '])('are not %j', (text) => {
    expect(() => checkNewVersion(text, '0.1.0')).toThrow('expected a version such as 1.2.3');
  });
});

describe('a changelog', () => {
  const entries =
    '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A.\n\n## [0.1.0] - 2026-11-22\n';

  it('has the entries of Unreleased under the version', () => {
    expect(withRelease('a', entries, '0.2.0', '2026-12-01')).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- A.\n\n## [0.1.0] - 2026-11-22\n',
    );
  });

  it('says that there are no changes', () => {
    const released = withRelease('a', entries, '0.2.0', '2026-12-01');
    expect(withRelease('a', released, '0.3.0', '2026-12-02')).toContain(
      '## [Unreleased]\n\n## [0.3.0] - 2026-12-02\n\nNo changes.\n\n## [0.2.0] - 2026-12-01\n\n### Added',
    );
  });

  it.each([
    ['# Changelog\n', 'a: expected one heading "## [Unreleased]"'],
    [`${entries}\n## [Unreleased]\n`, 'a: expected one heading "## [Unreleased]"'],
    [entries.replace('0.1.0', '0.2.0'), 'a: has the version 0.2.0 already'],
  ])('is an error: %j', (text, message) => {
    expect(() => withRelease('a', text, '0.2.0', '2026-12-01')).toThrow(message);
  });

  it.each(CHANGELOGS)('%s can be released', (file) => {
    expect(withRelease(file, read(file), '98.76.54', '2026-12-01')).toContain('## [98.76.54]');
  });
});
