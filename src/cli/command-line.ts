import { nearestName } from '../text/nearest-name.ts';

const COMMANDS = ['serve', 'check', 'help', 'version'] as const;

/** A subcommand. */
export type Command = (typeof COMMANDS)[number];

/** A command with its arguments, or the fault of the command line. */
export type SelectedCommand =
  | { readonly command: Command; readonly argv: readonly string[] }
  | { readonly fault: string };

/**
 * Selects the command. The default is `serve`, so that the arguments of a prometheus-adapter manifest work.
 * Such manifests may repeat the path of the program as the first argument (`args: [/adapter, --config=…]`),
 * which is dropped.
 *
 * @param argv the arguments, without the program's name
 */
export function selectCommand(argv: readonly string[]): SelectedCommand {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith('-')) {
    return { command: 'serve', argv };
  }
  if (first.endsWith('/adapter') || first === 'adapter') {
    return { command: 'serve', argv: rest };
  }
  const command = COMMANDS.find((name) => name === first);
  return command === undefined ? { fault: unknownCommand(first) } : { command, argv: rest };
}

function unknownCommand(word: string): string {
  const meant = nearestName(word, COMMANDS);
  const suggestion = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return `unknown command ${JSON.stringify(word.slice(0, 200))}${suggestion}: expected one of ${COMMANDS.join(', ')}, or flags`;
}
