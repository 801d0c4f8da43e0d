import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTemplate, parseTemplateInSteps, TemplateError } from './template.ts';

function parseError(text: string): TemplateError {
  try {
    parseTemplate('q', text);
  } catch (error) {
    if (error instanceof TemplateError) {
      return error;
    }
    throw error;
  }
  throw new Error('parsed without an error');
}

describe('a text that is not a template', () => {
  // The reason, and its position: that of the ‸, which is not part of the text.
  test.each([
    ['a ‸<<', 'unclosed action'],
    ['a ‸<<.Series', 'unclosed action'],
    ['<<.Series‸>{}', "bad character U+003E '>', expected >>"],
    ['<<.Series‸+1>>', "bad character U+002B '+'"],
    ['<<$x‸"a">>', `bad character U+0022 '"'`],
    ['‸<<if .S>>x', 'unexpected EOF: <<if>> has no <<end>>'],
    ['<<if 1>>‸<<range .L>>x<<else>>', 'unexpected EOF: <<range>> has no <<end>>'],
    ['‸<<define "a">>x', 'unexpected EOF: <<define>> has no <<end>>'],
    ['sum(x)‸<<end>>', 'unexpected <<end>>'],
    ['sum(x)‸<<else>>', 'unexpected <<else>>'],
    ['sum(x)‸<<else if 1>>', 'unexpected <<else>>'],
    ['<<if 1>><<else>><<‸else>><<end>>', 'expected end; found <<else>>'],
    ['<<define "a">><<‸else>><<end>>', 'unexpected <<else>> in define clause'],
    ['<<block "a" .>><<‸else>><<end>>', 'unexpected <<else>> in block clause'],
    ['<<if 1>><<else ‸with 1>><<end>>', 'unexpected <with> in input'],
    ['<<with 1>><<else ‸if 1>><<end>>', 'unexpected <if> in input'],
    ['<<‸upper .S>>', 'function "upper" not defined'],
    ['<<‸$x>>', 'undefined variable "$x"'],
    ['<<if $x := 1>><<end>><<‸$x>>', 'undefined variable "$x"'],
    ['<<$x := 1>><<define "a">><<‸$x>><<end>>', 'undefined variable "$x"'],
    ['<<printf ‸"abc>>', 'unterminated quoted string'],
    ['<<printf ‸"abc\n">>', 'unterminated quoted string'],
    ['<<printf ‸`abc>>', 'unterminated raw quoted string'],
    ["<<‸'a>>", 'unterminated character constant'],
    ["<<‸'ab'>>", "malformed character constant: 'ab'"],
    ['<<‸"\\z">>', 'invalid syntax'],
    ['<<‸1x>>', 'bad number syntax: "1x"'],
    ['<<‸09>>', 'illegal number syntax: "09"'],
    ['<<‸1+2i>>', 'complex constants are not supported: "1+2i"'],
    ['<<‸1+2>>', 'bad number syntax: "1+2"'],
    ['<<‸break>>', '<<break>> outside <<range>>'],
    ['<<range .L>><<end>><<‸continue>>', '<<continue>> outside <<range>>'],
    ['<<range .L>><<else>><<‸break>><<end>>', '<<break>> outside <<range>>'],
    ['<<range .L>><<block "a" .>><<‸break>><<end>><<end>>', '<<break>> outside <<range>>'],
    ['<<range .L>><<break ‸1>><<end>>', 'unexpected "1" in <<break>>'],
    ['‸<<>>', 'missing value for command'],
    ['‸<<if>>', 'missing value for if'],
    ['‸<<range>>', 'missing value for range'],
    ['<<‸()>>', 'missing value for parenthesized pipeline'],
    ['<<‸(1>>', 'unclosed left paren'],
    ['<<1‸)>>', "unexpected right paren U+0029 ')'"],
    ['<<.A | ‸1>>', 'non executable command in pipeline stage 2'],
    ['<<.A | print | ‸"a">>', 'non executable command in pipeline stage 3'],
    ['<<‸| print>>', 'unexpected "|" in command'],
    ['<<‸, 1>>', 'unexpected "," in command'],
    ['<<1‸"a">>', 'unexpected "\\"a\\"" in operand'],
    ['<<‸1.a>>', 'bad number syntax: "1.a"'],
    ['<<true‸.a>>', 'unexpected . after term "true"'],
    ['<<nil‸.a>>', 'unexpected . after term "nil"'],
    ['<<.a‸:x>>', 'expected :='],
    ['<<$x, ‸$y := 1>>', 'too many declarations in command'],
    ['<<range $x, $y, ‸$z := 1>><<end>>', 'too many declarations in range'],
    ['<<range $x, ‸1>><<end>>', 'range can only initialize variables'],
    ['<<template ‸a>>', 'unexpected "a" in template clause'],
    ['<<‸\u0001>>', 'unrecognized character in action: U+0001'],
    ['<<‸\u{1f600}>>', "unrecognized character in action: U+1F600 '\u{1f600}'"],
    ['<<‸/* a>>', 'unclosed comment'],
    ['<</* a */‸ x>>', 'comment ends before closing delimiter'],
    ['<<if 1>><<‸define "a">><<end>><<end>>', 'unexpected <define> in command'],
    ['<<define "a">>x<<end>>‸<<define "a">>y<<end>>', 'multiple definition of template "a"'],
    ['<<block ‸.a>><<end>>', 'unexpected ".a" in block clause'],
  ])('%j', (marked, reason) => {
    const offset = marked.indexOf('‸');
    const error = parseError(marked.replace('‸', ''));
    expect(error.reason).toBe(reason);
    expect(error.offset).toBe(offset);
    expect(error.message).toBe(`template: q:${error.line}: ${error.reason}`);
  });

  test('reports line and column', () => {
    const error = parseError('é\n  \u{1f600} <<$x>>');
    expect(error).toMatchObject({ offset: 9, line: 2, column: 8 });
  });

  test('shows the delimiters in use', () => {
    expect(() => parseTemplate('q', 'x{{end}}', { left: '{{', right: '}}' })).toThrow(
      'template: q:1: unexpected {{end}}',
    );
  });
});

describe('limits of the text', () => {
  test.each([
    ['parentheses', `<<${'('.repeat(100_000)}`],
    ['if', '<<if 1>>'.repeat(20_000)],
    ['range', '<<range .L>>'.repeat(20_000)],
    ['block', '<<block "a" .>>'.repeat(15_000)],
  ])('%s', (_, text) => {
    expect(parseError(text).reason).toBe('nested more than 200 levels deep');
  });

  test('length', () => {
    expect(parseError('a'.repeat(300_000)).reason).toMatch(
      /^the template has 300000 characters, expected at most 262144: /,
    );
  });

  test.each([
    ['arguments', `<<print${' 1'.repeat(10_000)}>>`],
    ['string', `<<"${'a'.repeat(20_000)}">>`],
    ['raw string', `<<\`${'a'.repeat(20_000)}\`>>`],
    ['number', `<<${'1'.repeat(20_000)}>>`],
    ['name', `<<.${'a'.repeat(20_000)}>>`],
    ['spaces', `<<${' '.repeat(20_000)}1>>`],
    ['pipes', `<<1${'|print'.repeat(5_000)}>>`],
  ])('length of an action: %s', (_, action) => {
    const { reason, offset } = parseError(`text ${action}`);
    expect(reason).toBe('the action is too long: expected at most 16384 characters');
    expect(offset).toBe(5);
  });

  test('a comment may be longer than an action', () => {
    expect(parseTemplate('q', `a<</*${'x'.repeat(20_000)}*/>>b`).execute(null)).toBe('ab');
  });

  test.each([
    ['in sequence', '<<1>>'.repeat(1000)],
    ['inside `if`', `<<if 1>>${'<<1>>'.repeat(1000)}<<end>>`],
    ['inside `define`', `<<define "a">>${'<<1>>'.repeat(1000)}<<end>>`],
    ['as a chain of `else if`', `<<if 0>>${'<<else if 0>>'.repeat(1000)}<<end>>`],
  ])('each action is a step, so that other work can run between: %s', (_, text) => {
    const steps = parseTemplateInSteps('q', text);
    let count = 0;
    while (!steps.next().done) count++;
    expect(count).toBeGreaterThanOrEqual(1000);
  });

  test('a long chain of else if is not nested', () => {
    const text = `<<if 0>>${'<<else if 0>>'.repeat(5_000)}<<else>>x<<end>>`;
    expect(parseTemplate('q', text).execute(null)).toBe('x');
  });

  test('a message does not repeat a long text', () => {
    expect(parseError(`<<0x${'1'.repeat(100_000)}>>`).message.length).toBeLessThan(500);
  });
});

describe('any text', () => {
  const pieces = fc.constantFrom(
    ...['<<', '>>', '<<- ', ' ->>', ' ', '\n', '.', '.a', '$', '$x', ':=', '=', ',', '|', '(', ')'],
    ...[
      'if',
      'else',
      'end',
      'range',
      'with',
      'define',
      'template',
      'block',
      'break',
      'nil',
      'true',
    ],
    ...[
      '"a"',
      '`a`',
      "'a'",
      '1',
      '-',
      '/*',
      '*/',
      'print',
      'index',
      '\\',
      '"',
      "'",
      '`',
      'é',
      '\0',
    ],
  );

  test('is parsed or rejected with a TemplateError at an offset in the text', () => {
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }).map((inner) => `<<${inner}>>`),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          expect(parseTemplate('q', candidate).text).toBe(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          const { offset, line, column } = error instanceof TemplateError ? error : parseError('');
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThanOrEqual(candidate.length);
          const lines = candidate.slice(0, offset).split('\n');
          expect([line, column]).toEqual([lines.length, (lines.at(-1) ?? '').length + 1]);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
