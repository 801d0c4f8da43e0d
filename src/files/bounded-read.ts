import { type FileHandle, open } from 'node:fs/promises';

/** The maximum size of a rules file, certificate or key, in bytes: twice the maximum of a ConfigMap. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;

/** A file is larger than the limit. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';

  constructor(limit: number) {
    super(`too large: expected at most ${limit} bytes`);
  }
}

const CHUNK = 64 * 1024;

/**
 * Reads a file of limited size. A larger regular file is not read; a pipe or device is read up to the
 * limit.
 *
 * @param limit in bytes
 * @throws FileTooLargeError if the file is larger; otherwise the error of the file system
 */
export async function readBounded(path: string, limit: number): Promise<Buffer> {
  const handle: FileHandle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    if (size > limit) throw new FileTooLargeError(limit);
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      // One byte more than the limit, since the file may grow while it is read.
      const chunk = new Uint8Array(Math.min(CHUNK, limit + 1 - length));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, bytesRead));
      length += bytesRead;
      if (length > limit) throw new FileTooLargeError(limit);
    }
  } finally {
    await handle.close();
  }
}
