import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a new file and renames it into place, regardless of the mode of an existing file or a
 * symbolic link. Readers see either the old content or the new content.
 *
 * @param mode of the new file, e.g. 0o600, restricted by the umask
 */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  // Fails if the name exists, even as a dangling symbolic link.
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(content).finally(() => handle.close());
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
