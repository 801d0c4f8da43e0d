import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectCommand } from './command-line.ts';

describe('selectCommand', () => {
  it.each<[string[], string, string[]]>([
    [[], 'serve', []],
    [['--config=a'], 'serve', ['--config=a']],
    [['-v', '4'], 'serve', ['-v', '4']],
    [['serve', '--config=a'], 'serve', ['--config=a']],
    [['/adapter', '--config=a'], 'serve', ['--config=a']],
    [['check', 'rules.yaml', '--output=json'], 'check', ['rules.yaml', '--output=json']],
    [['help'], 'help', []],
    [['version'], 'version', []],
  ])('accepts %j for %s', (argv, command, rest) => {
    expect(selectCommand(argv)).toEqual({ command, argv: rest });
  });

  it.each([
    ['chek', ' (did you mean check?)'],
    ['sevre', ' (did you mean serve?)'],
    ['rules.yaml', ''],
    ['', ''],
  ])('rejects the unknown command %j', (word, suggestion) => {
    expect(selectCommand([word, '--v=1'])).toEqual({
      fault: `unknown command "${word}"${suggestion}: expected one of serve, check, help, version, or flags`,
    });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) })),
        (argv) => {
          const selected = selectCommand(argv);
          expect('fault' in selected || 'command' in selected).toBe(true);
        },
      ),
    );
  });
});
