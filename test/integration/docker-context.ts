import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

interface Pattern {
  readonly glob: string;
  readonly includes: boolean;
}

/**
 * Copies what a build would be given: everything that `.dockerignore` does not keep out.
 *
 * @param root the directory with the Dockerfile
 * @param to where the files go
 * @returns their paths, relative to `root`, sorted
 */
export async function copyDockerContext(root: string, to: string): Promise<readonly string[]> {
  const patterns = parsePatterns(await readFile(path.join(root, '.dockerignore'), 'utf8'));
  const files = await contextFiles(root, '', patterns);
  for (const file of files) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true });
    await cp(path.join(root, file), path.join(to, file));
  }
  return files.toSorted();
}

function parsePatterns(text: string): readonly Pattern[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) =>
      line.startsWith('!')
        ? { glob: line.slice(1), includes: true }
        : { glob: line, includes: false },
    );
}

async function contextFiles(
  root: string,
  directory: string,
  patterns: readonly Pattern[],
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of await readdir(path.join(root, directory), { withFileTypes: true })) {
    const name = path.posix.join(directory, entry.name);
    if (!isIn(name, patterns)) continue;
    if (entry.isDirectory()) files.push(...(await contextFiles(root, name, patterns)));
    else files.push(name);
  }
  return files;
}

/** Whether the last pattern that matches the path, or a directory above it, includes it. */
function isIn(name: string, patterns: readonly Pattern[]): boolean {
  const paths = name.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const fitting = patterns.findLast(({ glob }) => paths.some((each) => fits(each, glob)));
  return fitting?.includes ?? true;
}

/** As Go's path matching has it: a star stands for names that begin with a dot, too. */
function fits(name: string, glob: string): boolean {
  const pattern = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*\*\/|\*\*|\*|\?/g, (star) => STARS[star] ?? star);
  return new RegExp(`^${pattern}$`).test(name);
}

const STARS: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
};
