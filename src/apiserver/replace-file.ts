import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a new file and renames it into place, whatever is there: neither the mode of an existing
 * file nor a symbolic link counts. What is read meanwhile is the old content or the new one.
 *
 * @param mode of the new file, e.g. 0o600; the umask takes off its part
 */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = `${file}.${randomUUID()}`;
  // Fails where the name exists, be it as a symbolic link that leads nowhere.
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(content).finally(() => handle.close());
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
