import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';

const faults = new URL('uncaught-errors.ts', import.meta.url);
const logger = new URL('../../telemetry/logger.ts', import.meta.url);

/** Runs a program that survives faults, then does this; it counts them on its standard output. */
function startProgram(body: string) {
  const program = `
    import { handleUncaughtErrors } from '${faults}';
    import { createLogger } from '${logger}';
    const log = createLogger({ verbosity: 0, format: 'text' });
    let survived = 0;
    handleUncaughtErrors(log, { uncaughtError: () => { survived += 1; } });
    ${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', program]);
}

describe('handleUncaughtErrors', () => {
  it('logs uncaught exceptions and unhandled rejections, and continues', async () => {
    const child = startProgram(`
      void Promise.reject(new Error('first'));
      setTimeout(() => { throw new Error('second'); }, 1);
      setTimeout(() => { throw 'third'; }, 2);
      setTimeout(() => console.log(survived + ' survived'), 50);`);
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(out).toBe('3 survived\n');
    const lines = err.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const [index, name] of ['first', 'second', 'third'].entries()) {
      expect(lines[index]).toContain(`error="${name}"`);
    }
    expect(lines[1]).toContain('stack=');
  });

  it('continues when standard error is closed', async () => {
    const child = startProgram(`
      const flood = setInterval(() => log.error('x'.repeat(8000)), 1);
      process.stdin.once('data', () => {
        clearInterval(flood);
        console.log(survived + ' survived');
        process.exit(0);
      });`);
    await once(child.stderr, 'data');
    child.stderr.destroy();
    setTimeout(() => child.stdin.end('enough'), 200);
    expect(await text(child.stdout)).toBe('0 survived\n');
  });
});
