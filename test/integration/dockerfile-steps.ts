import { cp, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../scripts/parts/command.ts';

/** One instruction of a Dockerfile, e.g. `COPY` with `package.json ./`. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** A stage as it was built: a directory that stands for its root. */
export interface BuiltStage {
  readonly root: string;
  readonly instructions: readonly Instruction[];
}

/** The instructions of a Dockerfile, comments left out and continued lines joined. */
export function parseDockerfile(text: string): readonly Instruction[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name: name.toUpperCase(), text: rest };
    });
}

/**
 * Runs COPY and RUN of every stage, each stage in a separate directory instead of a container, with the
 * Node.js of this process instead of the base image.
 *
 * @param context the directory of the files that `.dockerignore` does not exclude
 * @param scratch an empty directory
 * @returns the last stage
 */
export async function buildStages(
  instructions: readonly Instruction[],
  context: string,
  scratch: string,
): Promise<BuiltStage> {
  const built = new Map<string, BuiltStage>();
  let last: BuiltStage | undefined;
  for (const [index, stage] of stagesOf(instructions).entries()) {
    const root = path.join(scratch, `stage-${index}`);
    await mkdir(root, { recursive: true });
    await buildStage(stage, root, (from) => (from === '' ? context : built.get(from)?.root));
    last = { root, instructions: stage };
    const name = / AS (\S+)$/i.exec(stage[0]?.text ?? '')?.[1];
    if (name !== undefined) built.set(name, last);
  }
  if (last === undefined) throw new Error('a Dockerfile without FROM');
  return last;
}

function stagesOf(instructions: readonly Instruction[]): readonly (readonly Instruction[])[] {
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

async function buildStage(
  instructions: readonly Instruction[],
  root: string,
  sourceRoot: (from: string) => string | undefined,
): Promise<void> {
  let workdir = '/';
  for (const { name, text } of instructions) {
    if (name === 'WORKDIR') {
      workdir = text;
      await mkdir(path.join(root, workdir), { recursive: true });
    }
    if (name === 'COPY') await copy(text, path.join(root, workdir), sourceRoot);
    if (name === 'RUN') await runCommand('sh', ['-ec', text], { cwd: path.join(root, workdir) });
  }
}

async function copy(
  text: string,
  directory: string,
  sourceRoot: (from: string) => string | undefined,
): Promise<void> {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length) ?? '';
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.pop() ?? '';
  const root = sourceRoot(from);
  if (root === undefined) throw new Error(`COPY --from=${from}: no such stage`);
  for (const source of paths) {
    const full = path.join(root, source);
    const isDirectory = (await stat(full)).isDirectory();
    // The content of a directory is copied, a file keeps its name in a directory.
    const to =
      isDirectory || !target.endsWith('/') ? target : path.join(target, path.basename(source));
    await cp(full, path.join(directory, to), { recursive: true });
  }
}
