/** A file with versions of the project, e.g. in commands of the documentation. */
interface VersionedFile {
  /** Relative to the root of the project. */
  readonly file: string;
  /** The first group of each is the text before a version. Each has to match. */
  readonly places: readonly RegExp[];
}

const VERSION = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*)?`;

/** The text before a version in `before`, as a pattern for all its occurrences. */
function place(before: string): RegExp {
  return new RegExp(`(${before})(${VERSION})`, 'gm');
}

const IMAGE = place('prom-metrics-adapter:');

/** The source of the version. */
export const MANIFEST: VersionedFile = { file: 'package.json', places: [place('^  "version": "')] };

/** The files whose versions are derived from that of {@link MANIFEST}. */
export const DERIVED: readonly VersionedFile[] = [
  {
    file: 'package-lock.json',
    places: [
      place('^  "version": "'),
      place(String.raw`^    "": \{\n      "name": "prom-metrics-adapter",\n      "version": "`),
    ],
  },
  {
    file: 'charts/prom-metrics-adapter/Chart.yaml',
    places: [place('^version: '), place('^appVersion: ')],
  },
  { file: 'Dockerfile', places: [place('^ARG VERSION='), IMAGE] },
  { file: 'README.md', places: [IMAGE] },
  { file: 'docs/helm.md', places: [IMAGE] },
  { file: 'docs/migration.md', places: [place(String.raw`image\.tag=`)] },
];

/** Their entries under Unreleased become those of the version. */
export const CHANGELOGS: readonly string[] = [
  'CHANGELOG.md',
  'charts/prom-metrics-adapter/CHANGELOG.md',
];

/**
 * The versions of a file.
 *
 * @throws Error where a place of the file has none
 */
export function versionsOf({ file, places }: VersionedFile, text: string): readonly string[] {
  return places.flatMap((pattern) => {
    const versions = [...text.matchAll(pattern)].map(([, , version = '']) => version);
    if (versions.length === 0)
      throw new Error(`${file}: expected a version after ${pattern.source}`);
    return versions;
  });
}

/** The text of a file with another version. */
export function withVersion(
  { file, places }: VersionedFile,
  text: string,
  version: string,
): string {
  versionsOf({ file, places }, text);
  return places.reduce(
    (changed, pattern) => changed.replace(pattern, (_, before: string) => `${before}${version}`),
    text,
  );
}

/**
 * A changelog whose entries under Unreleased are those of a version. A version without changes has a sentence
 * instead.
 *
 * @param date e.g. `2026-11-29`
 * @throws Error where it has no section Unreleased, or has the version already
 */
export function withRelease(file: string, text: string, version: string, date: string): string {
  const heading = '## [Unreleased]\n';
  const [before, after, ...others] = text.split(heading);
  if (before === undefined || after === undefined || others.length > 0) {
    throw new Error(`${file}: expected one heading "${heading.trim()}"`);
  }
  if (text.includes(`## [${version}]`))
    throw new Error(`${file}: has the version ${version} already`);
  const [entries = ''] = after.split(/^## \[/m);
  const body = entries.trim() === '' ? `\nNo changes.\n${after}` : after;
  return `${before}${heading}\n## [${version}] - ${date}\n${body}`;
}

/**
 * @throws Error where the text is not a version, or is not greater than the current one
 */
export function checkNewVersion(text: string, current: string): void {
  if (!new RegExp(`^${VERSION}$`).test(text)) {
    throw new Error(`expected a version such as 1.2.3 or 1.2.3-rc.1, not ${JSON.stringify(text)}`);
  }
  if (!isGreater(text, current))
    throw new Error(`expected a version above ${current}, not ${text}`);
}

function isGreater(a: string, b: string): boolean {
  const [left, right] = [parts(a), parts(b)];
  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release follows its candidates.
  if (left.candidate === undefined) return right.candidate !== undefined;
  if (right.candidate === undefined) return false;
  return left.candidate.localeCompare(right.candidate, 'en', { numeric: true }) > 0;
}

function parts(version: string) {
  const [release = '', candidate] = version.split('-');
  return { numbers: release.split('.').map(Number), candidate };
}
