import { stat } from 'node:fs/promises';
import { FileTooLargeError, MAX_FILE_BYTES, readBounded } from '../../files/bounded-read.ts';
import { type LoadOptions, type ReadConfiguration, readConfiguration } from './configuration.ts';
import type { Fault } from './fault.ts';

/** The text of a rules file, or the fault that prevents reading it. */
export type RulesText =
  | { readonly text: string; readonly fault?: undefined }
  | { readonly text?: undefined; readonly fault: Fault };

/**
 * Reads, parses and checks a rules file. A file that cannot be read, or can be read only once, is a fault.
 */
export async function loadConfigurationFile(
  path: string,
  options: LoadOptions,
): Promise<ReadConfiguration> {
  const { text, fault }: RulesText = (await canBeReadAgain(path))
    ? await readRulesText(path)
    : wholeFileFault(path, ONLY_ONCE);
  return fault === undefined
    ? readConfiguration(path, text, options)
    : { configuration: undefined, faults: [fault] };
}

const ONLY_ONCE = 'expected a regular file, which can be read again: this is a pipe or a device';

/** A pipe can be read only once. A missing file may appear later. */
export async function canBeReadAgain(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isFile() || found.isDirectory();
}

/** Reads the text of a rules file. */
export async function readRulesText(path: string): Promise<RulesText> {
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(path, MAX_FILE_BYTES);
  } catch (error) {
    if (error instanceof FileTooLargeError) return wholeFileFault(path, error.message);
    return wholeFileFault(path, `cannot be read: ${reasonOf(error)}`);
  }
  return decodeRulesText(path, bytes);
}

/**
 * Decodes the bytes of a rules file.
 *
 * @param file the file's name, for the fault
 */
export function decodeRulesText(file: string, bytes: Uint8Array): RulesText {
  if (bytes.length > MAX_FILE_BYTES) {
    return wholeFileFault(file, new FileTooLargeError(MAX_FILE_BYTES).message);
  }
  const text = decodeUtf8(bytes);
  if (text !== undefined) return { text };
  const line = firstUndecodableLine(bytes);
  const message = 'not UTF-8: expected the file to be saved in UTF-8';
  return { fault: { severity: 'error', file, line, column: 1, field: '', message } };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** From 1. Lines can be decoded separately, since no other UTF-8 character contains the byte of a line feed. */
function firstUndecodableLine(bytes: Uint8Array): number {
  const lineFeed = 0x0a;
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const next = bytes.indexOf(lineFeed, start);
    const end = next === -1 ? bytes.length : next + 1;
    if (decodeUtf8(bytes.subarray(start, end)) === undefined) break;
    start = end;
  }
  return line;
}

function wholeFileFault(file: string, message: string): { readonly fault: Fault } {
  return { fault: { severity: 'error', file, line: 0, column: 0, field: '', message } };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
