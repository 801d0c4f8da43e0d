import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/**
 * Looks a program up in PATH, as a shell does.
 *
 * @param name the program's file name, e.g. `promtool`
 * @param path a list of directories
 * @returns the file's path, or undefined where no directory has it
 */
export async function findExecutable(
  name: string,
  path: string = process.env.PATH ?? '',
): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(directory, name);
    if (await isExecutableFile(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
