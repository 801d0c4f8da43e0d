import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTemplate, TemplateError } from './template.ts';
import { goMap, goStrings, goStruct } from './value.ts';

const data = goStruct('naming.queryTemplateArgs', {
  Series: 'load',
  Empty: '',
  Count: 3n,
  Ratio: 2.5,
  On: true,
  Text: 'é€\u{1f600}',
  Values: goMap([
    ['pod', 'a|b'],
    ['namespace', 'shop'],
  ]),
  None: goMap([]),
  Groups: goStrings(['pod', 'shard']),
  Inner: goStruct('v1.Inner', { Name: 'x', Deep: goStruct('v1.Deep', { Leaf: 'leaf' }) }),
  Other: goStruct('v1.Deep', { Leaf: 'other' }),
  Twin: goStruct('v2.Deep', { Leaf: 'leaf' }),
  Resource: goStruct(
    'schema.GroupResource',
    { Group: 'apps', Resource: 'deployments' },
    { String: 'deployments.apps', Empty: false },
  ),
});

function expand(text: string): string {
  return parseTemplate('q', text).execute(data);
}

function failure(text: string): TemplateError {
  const template = parseTemplate('q', text);
  try {
    template.execute(data);
  } catch (error) {
    if (error instanceof TemplateError) {
      return error;
    }
    throw error;
  }
  throw new Error('executed without an error');
}

describe('the output of a template', () => {
  test.each([
    // text and trimming
    ['', ''],
    ['{{.Series}} > < >> {', '{{.Series}} > < >> {'],
    ['a<</* comment >> */>>b', 'ab'],
    ['a \n\t<<- .Series ->>\r\n b', 'aloadb'],
    ['a <<- /* c */ ->> b', 'ab'],
    ['a <<-3>> b', 'a -3 b'],
    ['<<"a" ->> ', 'a'],
    ['<<.Series\n>>', 'load'],
    // fields
    ['<<.Series>> <<$.Series>> <<(.).Series>> <<.Inner.Deep.Leaf>>', 'load load load leaf'],
    ['<<.Values.pod>> <<.Values.absent>> <<.Values.absent.deeper>>', 'a|b <no value> <no value>'],
    [
      '<<.Resource>> <<.Resource.String>> <<.Resource.Empty>>',
      'deployments.apps deployments.apps false',
    ],
    ['<<$r := .Resource>><<$r.Group>> <<(index .Values "pod")>>', 'apps a|b'],
    // constants
    ['<<1>> <<-2>> <<0x1F>> <<0b11>> <<0o17>> <<017>> <<1_000>>', '1 -2 31 3 15 15 1000'],
    ["<<1.50>> <<1e3>> <<1e21>> <<'a'>> <<true>>", '1.5 1000 1e+21 97 true'],
    ['<<"\\u00e9\\x41\\t">><<`\\n>>`>>', 'éA\t\\n>>'],
    ['<<.5>> <<+1>> <<-.5>>', '0.5 1 -0.5'],
    // conditions
    ['<<if .Inner>><<.Series>><<end>>', 'load'],
    ['<<if .Series>>1<<else>>2<<end>>', '1'],
    ['<<if .Empty>>1<<else if .None>>2<<else if 0>>3<<else>>4<<end>>', '4'],
    ['<<if .Empty>>1<<else if .Count>>2<<else>>3<<end>>', '2'],
    ['<<if $x := .Empty>>1<<else if $y := $x>>2<<else>>[<<$x>>|<<$y>>]<<end>>', '[|]'],
    ['<<if .Values.absent>>1<<end>>', ''],
    ['<<with .Series>><<.>><<end>>', 'load'],
    ['<<with $x := .Series>><<$x>><<.>><<$.Count>><<end>>', 'loadload3'],
    ['<<with .Empty>>1<<else>><<.Series>><<end>>', 'load'],
    ['<<with .Empty>>1<<else with .Inner>><<.Name>><<else>>3<<end>>', 'x'],
    // loops
    ['<<range .Groups>>[<<.>>]<<end>>', '[pod][shard]'],
    ['<<range $i, $g := .Groups>><<$i>>=<<$g>>/<<.>> <<end>>', '0=pod/pod 1=shard/shard '],
    ['<<range $k, $v := .Values>><<$k>>=<<$v>>,<<end>>', 'namespace=shop,pod=a|b,'],
    ['<<range $v := .Values>><<$v>>,<<end>>', 'shop,a|b,'],
    ['<<range .None>>1<<else>><<.Series>><<end>>', 'load'],
    ['<<range .Values.absent>>1<<else>>2<<end>>', '2'],
    ['<<range .Count>><<.>><<end>> <<range $i := 2>><<$i>><<end>>', '012 01'],
    ['<<range 0>>1<<else>>2<<end>>', '2'],
    ['<<$a := 0>><<$b := "">><<range $a, $b = .Groups>><<end>><<$a>><<$b>>', '1shard'],
    ['<<range .Count>><<if eq . 1>><<continue>><<end>><<.>><<end>>', '02'],
    ['<<range .Count>><<if eq . 1>><<break>><<end>><<.>><<else>>none<<end>>', '0'],
    ['<<range .Groups>><<range $.Groups>><<break>><<end>><<.>><<end>>', 'podshard'],
    [
      '<<$a := 0>><<$b := "">><<$c := 7>><<range $a, $b = .Groups>><<end>><<$a>><<$b>><<$c>>',
      '1shard7',
    ],
    // variables
    ['<<$x := 1>><<range $x := .None>><<end>><<with $x := 2>><<end>><<$x>>', '1'],
    ['<<$x := 1>><<range 2>><<$x>><<$x := 5>><<end>>', '11'],
    ['<<$x := 1>><<if true>><<$x := 2>><<$x>><<end>><<$x>>', '21'],
    ['<<$x := 1>><<if true>><<$x = 2>><<$x>><<end>><<$x>>', '22'],
    ['<<$x := 1>><<range .Count>><<$x = print $x .>><<end>><<$x>>', '1 012'],
    // pipelines
    ['<<.Series | printf "%s-%s" "a" | len>>', '6'],
    ['<<.Groups | len | printf "%03d">>', '002'],
    ['<<printf "%d" (len (print .Series .Series))>>', '8'],
    ['<<(printf "%s" .Series) | print>>', 'load'],
    ['<<"%d" | printf>>', '%!d(MISSING)'],
    // templates
    ['<<define "a">>{<<.>>}<<end>><<template "a" .Series>><<template "a">>', '{load}{<no value>}'],
    ['<<template "a" .>><<define "a">><<.Count>><<$.Count>><<end>>', '33'],
    ['<<block "b" .Inner>><<.Name>><<end>><<template "b" .Inner>>', 'xx'],
    ['<<define "a">> <<end>><<define "a">>x<<end>><<template "a">>', 'x'],
    ['<<define "a">>x<<end>><<define "a">> <<end>><<template "a">>', 'x'],
    // booleans
    ['<<and 1 0 2>> <<and 1 2>> <<or "" 0 "z">> <<or "" 0>> <<not "">>', '0 2 z 0 true'],
    ['<<and .Empty (index .Groups 9)>><<or .Series (index .Groups 9)>>', 'load'],
    ['<<true | and 1>> <<.Series | or 0>>', 'true load'],
    ['<<or 1 nil>> <<and 1 nil>>', '1 <no value>'],
    // comparisons
    [
      '<<eq 1 2 1>> <<eq "a" "b">> <<ne 1 2>> <<eq .On true>> <<eq 2.5 .Ratio>>',
      'true false true true true',
    ],
    ['<<lt 1 2>> <<le 2 2>> <<gt 2.5 1.5>> <<ge "a" "b">>', 'true true true false'],
    ["<<eq (index .Series 0) 'l'>> <<lt (index .Series 0) 200>>", 'true true'],
    ['<<lt "\\uff5e" "\\U0001f600">>', 'true'],
    ['<<eq .Inner.Deep .Inner.Deep>> <<eq .Inner.Deep .Resource>>', 'true false'],
    ['<<eq .Inner.Deep .Other>> <<eq .Inner.Deep .Twin>>', 'false false'],
    ['<<eq .Values.absent nil>> <<eq .Series .Values.absent>>', 'true false'],
    ['<<eq nil 1>> <<eq 1 nil>> <<ne "a" "a">> <<eq .Inner .Inner>>', 'false false false true'],
    ['<<lt 2 2>> <<le 2 2>> <<gt 2 2>> <<ge 2 2>>', 'false true false true'],
    ['<<lt 3 2>> <<le 3 2>> <<gt 3 2>> <<ge 3 2>>', 'false false true true'],
    ['<<lt 1.5 1.5>> <<le 1.5 1.5>> <<lt "a" "a">> <<le "b" "a">>', 'false true false false'],
    // what is true
    ['<<not .Inner>> <<not (index "\\x00" 0)>> <<not (index "a" 0)>>', 'false true false'],
    ['<<not 0.0>> <<not 0.5>> <<not false>> <<not .Groups>>', 'true false true false'],
    // len, index, slice
    ['<<len .Series>> <<len .Text>> <<len .Groups>> <<len .Values>>', '4 9 2 2'],
    ['<<index .Groups 1>> <<index .Values "absent">>. <<index .Text 0>>', 'shard . 195'],
    ['<<index .Groups>> <<index .Groups 0 0>>', '[pod shard] 112'],
    ['<<slice .Series 1>> <<slice .Series 1 3>> <<slice .Series>>', 'oad oa load'],
    ['<<slice .Text 2 5>> <<slice .Groups 1>> <<slice .Groups 2>>', '€ [shard] []'],
    ['<<slice .Series 4>>.<<slice .Series 2 2>>. <<slice .Groups 0 0>>', '.. []'],
    ['<<index "\\x01b" 1>> <<index .Groups (index "\\x01" 0)>>', '98 shard'],
    ['<<slice (slice .Groups 0 1) 0 2>> <<slice .Groups 0 1 1>>', '[pod shard] [pod]'],
    // printing
    [
      '<<.Groups>> <<.Values>> <<.Inner>> <<.None>>',
      '[pod shard] map[namespace:shop pod:a|b] {x {leaf}} map[]',
    ],
    ['<<print 1 2 "x" 3 true nil>> <<println "y" 4>>', '1 2x3 true <nil> y 4\n'],
    ['<<html "<a>&\\"\'\\x00">>', '&lt;a&gt;&amp;&#34;&#39;\u{fffd}'],
    ['<<print>>.<<println>>.<<html>>.<<print "a" "b">>', '.\n..ab'],
    ['<<js "\u{1f600}\\u2028">> <<urlquery "%+">>', '\u{1f600}\\u2028 %25%2B'],
    ['<<html .Values.absent>> <<html 1 2>>', '&lt;no value&gt; 1 2'],
    [
      '<<js "a\\"b<c>&\'=\\\\\\n\\x7fé\\u200b">>',
      'a\\"b\\u003Cc\\u003E\\u0026\\\'\\u003D\\\\\\u000A\x7fé\\u200B',
    ],
    ['<<urlquery "a b&c/d?é!\'()*~-_." 1>>', 'a+b%26c%2Fd%3F%C3%A9%21%27%28%29%2A~-_.1'],
  ])('%s', (text, output) => {
    expect(expand(text)).toBe(output);
  });

  test('in pieces, has the offset of each', () => {
    const text = '<<define "t">>!<<end>>a<<.Series>>b<<template "t">>';
    expect(parseTemplate('q', text).executeInPieces(data)).toEqual([
      { text: 'a', offset: text.indexOf('a<<'), isVerbatim: true },
      { text: 'load', offset: text.indexOf('.Series'), isVerbatim: false },
      { text: 'b', offset: text.indexOf('b<<'), isVerbatim: true },
      { text: '!', offset: text.indexOf('!'), isVerbatim: true },
    ]);
  });

  test('is rejected with two definitions of one name, unless one of them is blank', () => {
    const twice = '<<define "a">>x<<end>><<define "a">> <<.>><<end>>';
    expect(() => parseTemplate('q', twice)).toThrow('multiple definition of template "a"');
  });

  test('can be executed repeatedly', () => {
    const template = parseTemplate(
      'q',
      '<<$x := .Series>><<range 3>><<$x = print $x .>><<end>><<$x>>',
    );
    expect(template.execute(data)).toBe(template.execute(data));
  });
});

describe('a template that cannot be executed', () => {
  // The reason, and its position: that of the ‸, which is not part of the text.
  test.each([
    ['sum(<<‸.Nope>>)', "<.Nope>: can't evaluate field Nope in type naming.queryTemplateArgs"],
    ['<<.Series‸.pod>>', "<.Series.pod>: can't evaluate field pod in type string"],
    ['<<(.Groups)‸.x>>', "<(.Groups).x>: can't evaluate field x in type []string"],
    ['<<‸nil>>', '<nil>: nil is not a command'],
    ['<<‸.Series 1>>', '<.Series>: Series has arguments but cannot be invoked as function'],
    ['<<1 | .Values‸.pod>>', '<.Values.pod>: pod is not a method but has arguments'],
    [
      '<<.Resource‸.String 1>>',
      '<.Resource.String>: wrong number of args for String: want 0 got 1',
    ],
    ['<<‸1 2>>', "<1>: can't give argument to non-function 1"],
    ['<<$x := 1>><<1 | ‸$x>>', "<$x>: can't give argument to non-function $x"],
    ['<<‸$x = 1>>', '<$x = 1>: undefined variable: $x'],
    ['<<template ‸"absent" .>>', '<<<template "absent" .>>>: template "absent" not defined'],
    ['<<‸len>>', '<len>: wrong number of args for len: want 1 got 0'],
    ['<<1 | ‸len 2>>', '<len 2>: wrong number of args for len: want 1 got 2'],
    ['<<print (‸eq)>>', '<eq>: wrong number of args for eq: want at least 1 got 0'],
    ['<<‸eq 1>>', '<eq 1>: error calling eq: missing argument for comparison'],
    [
      '<<‸eq 1 1.0>>',
      '<eq 1 1.0>: error calling eq: incompatible types for comparison: int and float64',
    ],
    [
      '<<‸lt "a" 1>>',
      '<lt "a" 1>: error calling lt: incompatible types for comparison: string and int',
    ],
    ['<<‸lt true false>>', '<lt true false>: error calling lt: invalid type for comparison'],
    ['<<‸lt .Groups 1>>', '<lt .Groups 1>: error calling lt: invalid type for comparison'],
    [
      '<<‸eq .Groups .Groups>>',
      '<eq .Groups .Groups>: error calling eq: non-comparable type [pod shard]: []string',
    ],
    [
      '<<‸eq .None .Groups>>',
      '<eq .None .Groups>: error calling eq: non-comparable types map[]: map[string]string, []string: [pod shard]',
    ],
    [
      '<<‸eq 1 .Inner>>',
      '<eq 1 .Inner>: error calling eq: incompatible types for comparison: int and v1.Inner',
    ],
    [
      '<<‸eq true 1>>',
      '<eq true 1>: error calling eq: incompatible types for comparison: bool and int',
    ],
    [
      '<<‸eq (index "a" 0) 1.0>>',
      '<eq (index "a" 0) 1.0>: error calling eq: incompatible types for comparison: uint8 and float64',
    ],
    [
      '<<‸lt 1.5 1>>',
      '<lt 1.5 1>: error calling lt: incompatible types for comparison: float64 and int',
    ],
    ['<<‸lt nil nil>>', '<lt nil nil>: error calling lt: invalid type for comparison'],
    ['<<‸lt 1 .Inner>>', '<lt 1 .Inner>: error calling lt: invalid type for comparison'],
    ['<<‸index .Series 4>>', '<index .Series 4>: error calling index: index out of range: 4'],
    ['<<‸index .Series -1>>', '<index .Series -1>: error calling index: index out of range: -1'],
    [
      '<<‸index .Values nil>>',
      '<index .Values nil>: error calling index: value is nil; should be of type string',
    ],
    [
      '<<‸index .Inner 1>>',
      "<index .Inner 1>: error calling index: can't index item of type v1.Inner",
    ],
    ['<<‸slice nil 1>>', '<slice nil 1>: error calling slice: slice of untyped nil'],
    ['<<‸slice .Series 5>>', '<slice .Series 5>: error calling slice: index out of range: 5'],
    [
      '<<‸slice .Groups 0 1 2 2>>',
      '<slice .Groups 0 1 2 2>: error calling slice: too many slice indexes: 4',
    ],
    [
      '<<‸slice .Groups 0 2 1>>',
      '<slice .Groups 0 2 1>: error calling slice: invalid slice index: 2 > 1',
    ],
    ['<<‸slice .Groups 0 3>>', '<slice .Groups 0 3>: error calling slice: index out of range: 3'],
    ['<<‸len .Inner>>', '<len .Inner>: error calling len: len of type v1.Inner'],
    ['<<‸call nil>>', '<call nil>: error calling call: call of nil'],
    ['<<‸not 1 2>>', '<not 1 2>: wrong number of args for not: want 1 got 2'],
    ['<<print (‸and)>>', '<and>: wrong number of args for and: want at least 1 got 0'],
    ['<<1 | ‸printf>>', '<printf>: wrong type for value; expected string; got int'],
    ['<<‸index .Groups 2>>', '<index .Groups 2>: error calling index: index out of range: 2'],
    ['<<‸index .Groups -1>>', '<index .Groups -1>: error calling index: index out of range: -1'],
    [
      '<<‸index .Groups "a">>',
      '<index .Groups "a">: error calling index: cannot index slice/array with type string',
    ],
    [
      '<<‸index .Groups nil>>',
      '<index .Groups nil>: error calling index: cannot index slice/array with nil',
    ],
    [
      '<<‸index .Values 1>>',
      '<index .Values 1>: error calling index: value has type int; should be string',
    ],
    ['<<‸index .Count 1>>', "<index .Count 1>: error calling index: can't index item of type int"],
    ['<<‸index nil 1>>', '<index nil 1>: error calling index: index of untyped nil'],
    [
      '<<‸slice .Series 3 99>>',
      '<slice .Series 3 99>: error calling slice: index out of range: 99',
    ],
    [
      '<<‸slice .Series 3 1>>',
      '<slice .Series 3 1>: error calling slice: invalid slice index: 3 > 1',
    ],
    [
      '<<‸slice .Series 0 1 2>>',
      '<slice .Series 0 1 2>: error calling slice: cannot 3-index slice a string',
    ],
    [
      '<<‸slice .Text 1>>',
      '<slice .Text 1>: error calling slice: slice [1:9] cuts a character of several bytes',
    ],
    [
      '<<‸slice .Values 1>>',
      "<slice .Values 1>: error calling slice: can't slice item of type map[string]string",
    ],
    ['<<‸len 1>>', '<len 1>: error calling len: len of type int'],
    ['<<‸len nil>>', '<len nil>: error calling len: len of untyped nil'],
    ['<<‸call .Series>>', '<call .Series>: error calling call: non-function of type string'],
    ['<<printf ‸1>>', '<1>: expected string; found 1'],
    ['<<printf ‸nil>>', '<nil>: cannot assign nil to string'],
    ['<<printf ‸.Groups>>', '<.Groups>: wrong type for value; expected string; got []string'],
    ['<<printf .Values‸.absent>>', '<.Values.absent>: invalid value; expected string'],
    ['<<range ‸.Series>><<end>>', "<.Series>: range can't iterate over load"],
    [
      '<<range ‸$i, $v := 3>><<end>>',
      "<$i, $v := 3>: can't use 3 to iterate over more than one variable",
    ],
    ['<<define "a">><<‸.x>><<end>><<template "a" 1>>', "<.x>: can't evaluate field x in type int"],
  ])('%s', (marked, reason) => {
    const error = failure(marked.replace('‸', ''));
    expect(error.reason).toBe(reason);
    expect(error.offset).toBe(marked.indexOf('‸'));
  });

  test('reports the types that are not comparable', () => {
    const error = failure('<<eq . .>>');
    expect(error.reason).toMatch(/^<eq \. \.>: error calling eq: non-comparable type \{/);
    expect(error.reason).toMatch(/: naming\.queryTemplateArgs$/);
  });

  test('shows the beginning of a long text', () => {
    const name = 'x'.repeat(400);
    const { message, explanation } = failure(`<<.Series.${name}>>`);
    expect(message).toBe(
      `template: q:1:9: executing "q" at <.Series.${name.slice(0, 292)}...>: ${`can't evaluate field ${name}`.slice(0, 300)}...`,
    );
    expect(explanation).toContain('there is no field');
  });

  test('has the place in the format of Go', () => {
    expect(failure('é\n é<<define "a">><<.x>><<end>><<template "a" 1>>')).toMatchObject({
      message: `template: q:2:19: executing "a" at <.x>: can't evaluate field x in type int`,
      line: 2,
      column: 19,
    });
  });
});

describe('limits of an execution', () => {
  const deep = `${'<<if 1>>'.repeat(190)}<<template "a" .>>${'<<end>>'.repeat(190)}`;

  test.each([
    ['endless loop', '<<range 100000000000>><<end>>', /more than \d+ steps$/],
    ['loops in loops', '<<range 1000>>'.repeat(50) + '<<end>>'.repeat(50), /more than \d+ steps$/],
    [
      'long output',
      `<<range 100000>>${'a'.repeat(100)}<<end>>`,
      /output is longer than \d+ characters$/,
    ],
    ['long string', '<<$x := printf "%600000s" "">><<print $x $x>>', /longer than \d+ characters$/],
    [
      'long strings',
      '<<$x := printf "%1000000s" "">><<range 99>><<$y := html $x>><<end>>',
      /more than \d+ steps$/,
    ],
    ['many wide verbs', '<<printf "%600000d%600000d" 1 1>>', /longer than \d+ characters$/],
    [
      'recursion',
      '<<define "a">><<template "a">><<end>><<template "a">>',
      /maximum template depth \(\d+\)$/,
    ],
    [
      'deep recursion',
      `<<define "a">>${deep}<<end>><<template "a">>`,
      /maximum template depth \(\d+\)$/,
    ],
    [
      'many variables',
      `${'<<$a := 1>>'.repeat(9000)}<<range 100000>><<$>><<end>>`,
      /more than \d+ steps$/,
    ],
  ])('%s', (_, text, reason) => {
    expect(failure(text).reason).toMatch(reason);
  });

  test('allows nesting up to the limit', () => {
    const parens = `<<${'('.repeat(100)}1${')'.repeat(100)}>>`;
    expect(expand('<<if 1>>'.repeat(100) + parens + '<<end>>'.repeat(100))).toBe('1');
  });
});

describe('any template', () => {
  test('without a delimiter is its own output', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!text.includes('<<'));
        expect(expand(text)).toBe(text);
      }),
    );
  });

  test('prints every string constant', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const template = parseTemplate('q', '<<printf "%q" .>>');
        expect(expand(`<<${template.execute(text)}>>`)).toBe(text);
      }),
    );
  });

  const operand = fc.constantFrom(
    ...['.', '$', '$x', '.Series', '.Groups', '.Values', '.Inner', '.Count', '.Values.absent'],
    ...['1', '-1', '2.5', '"a"', '"%v%d%5s"', 'nil', 'true', "'a'", '.Nope'],
  );
  const name = fc.constantFrom(
    ...[
      'and',
      'or',
      'not',
      'len',
      'index',
      'slice',
      'eq',
      'lt',
      'ge',
      'print',
      'printf',
      'println',
    ],
    ...['html', 'js', 'urlquery', 'call'],
  );
  const { body } = fc.letrec<{ pipeline: string; statement: string; body: string }>((tie) => ({
    pipeline: fc.oneof(
      { maxDepth: 3 },
      operand,
      fc
        .tuple(
          name,
          fc.array(
            fc.oneof(
              operand,
              tie('pipeline').map((p) => `(${p})`),
            ),
            { maxLength: 3 },
          ),
        )
        .map(([callee, args]) => [callee, ...args].join(' ')),
      fc.tuple(tie('pipeline'), name).map(([value, callee]) => `${value} | ${callee}`),
    ),
    statement: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('text', '<<template "t" .>>', '<<break>>', '<<continue>>'),
      tie('pipeline').map((pipeline) => `<<${pipeline}>>`),
      fc
        .tuple(
          fc.constantFrom('if', 'with', 'range', 'range $i, $e :=', 'with $x :='),
          tie('pipeline'),
          tie('body'),
          tie('body'),
        )
        .map(([head, pipeline, then, otherwise]) => {
          return `<<${head} ${pipeline}>>${then}<<else>>${otherwise}<<end>>`;
        }),
    ),
    body: fc.array(tie('statement'), { maxLength: 3 }).map((statements) => statements.join('')),
  }));

  test('ends with a string or a TemplateError', () => {
    const text = fc
      .tuple(body, body)
      .map(([main, other]) => `<<$x := .Series>>${main}<<define "t">><<$x := .>>${other}<<end>>`);
    fc.assert(
      fc.property(text, (candidate) => {
        try {
          expect(typeof expand(candidate)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('templates with a known meaning', () => {
  interface Sample {
    readonly text: string;
    readonly output: string;
  }
  const sample = fc.letrec<{ sample: Sample; list: Sample }>((tie) => ({
    sample: fc.oneof(
      { maxDepth: 4 },
      fc
        .string({ unit: fc.constantFrom('a', 'é', ' ', '\n', '{') })
        .map((text) => ({ text, output: text })),
      fc.integer().map((value) => ({ text: `<<${value}>>`, output: `${value}` })),
      fc.constant({ text: '<<.Series>>', output: 'load' }),
      fc.tuple(fc.boolean(), tie('list'), tie('list')).map(([condition, then, otherwise]) => ({
        text: `<<if ${condition}>>${then.text}<<else>>${otherwise.text}<<end>>`,
        output: condition ? then.output : otherwise.output,
      })),
      fc.tuple(fc.integer({ min: 0, max: 3 }), tie('list')).map(([times, inner]) => ({
        text: `<<range ${times}>><<with $>>${inner.text}<<end>><<end>>`,
        output: inner.output.repeat(times),
      })),
      fc.array(fc.constantFrom('x', 'é', 'shard'), { maxLength: 4 }).map((words) => ({
        text: `<<print ${words.map((word) => `"${word}"`).join(' ')}>>`,
        output: words.join(''),
      })),
    ),
    list: fc.array(tie('sample'), { maxLength: 4 }).map((samples) => ({
      text: samples.map(({ text }) => text).join(''),
      output: samples.map(({ output }) => output).join(''),
    })),
  }));

  test('have this meaning', () => {
    fc.assert(
      fc.property(sample.list, ({ text, output }) => {
        expect(expand(text)).toBe(output);
      }),
      { numRuns: 1000 },
    );
  });
});
