import { selectCommand } from './cli/command-line.ts';
import { serveHelp } from './cli/help.ts';
import { check } from './commands/check.ts';
import { serve } from './commands/serve.ts';
import { version } from './version.ts';

/**
 * Runs a command.
 *
 * @returns the exit code
 */
export async function run(argv: readonly string[]): Promise<number> {
  // The reader of a pipe may close it early, as in `check FILE | head`.
  process.stdout.on('error', () => undefined);
  const selected = selectCommand(argv);
  if ('fault' in selected) {
    process.stderr.write(`${selected.fault}\nSee "help" for all commands.\n`);
    return 2;
  }
  switch (selected.command) {
    case 'serve':
      return serve(selected.argv, process);
    case 'check':
      return check(selected.argv, process);
    case 'help':
      return help(selected.argv);
    case 'version':
      process.stdout.write(`${version}\n`);
      return 0;
  }
}

/** `help`, or `help COMMAND`. */
async function help(argv: readonly string[]): Promise<number> {
  const [topic = 'help'] = argv;
  if (topic === 'check') return check(['--help'], process);
  const selected = selectCommand([topic]);
  if ('fault' in selected) {
    process.stderr.write(`${selected.fault}\n`);
    return 2;
  }
  process.stdout.write(serveHelp());
  return 0;
}
