import { readFile } from 'node:fs/promises';
import { parseDockerfile } from '../../integration/dockerfile-steps.ts';

/** How the image starts Node.js, which is measured. */
export interface ImageStart {
  /** Those between Node.js and the program. */
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const SINCE_24_6 = '--max-old-space-size-percentage';

/** The words without the flag that only Node.js 24.6 and later supports, if this is an older version. */
export function knownFlags(words: readonly string[]): readonly string[] {
  const isKnown = process.allowedNodeEnvironmentFlags.has(SINCE_24_6);
  return words.filter((word) => isKnown || !word.startsWith(`${SINCE_24_6}=`));
}

/** Reads it from the Dockerfile. */
export async function imageStart(dockerfile: string): Promise<ImageStart> {
  const instructions = parseDockerfile(await readFile(dockerfile, 'utf8'));
  const textsOf = (wanted: string): readonly string[] =>
    instructions.filter(({ name }) => name === wanted).map(({ text }) => text);
  const entryPoint: unknown = JSON.parse(textsOf('ENTRYPOINT').at(-1) ?? '[]');
  if (!Array.isArray(entryPoint)) throw new Error(`${dockerfile}: expected ENTRYPOINT as an array`);
  const settings = textsOf('ENV').flatMap((text) => text.split(/\s+/));
  return {
    nodeFlags: knownFlags(entryPoint.map(String).filter((word) => word.startsWith('--'))),
    env: Object.fromEntries(settings.map((setting) => setting.split('=', 2))),
  };
}
