import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGoDuration } from '../apimachinery/go-duration.ts';
import { type Flag, flag } from './flag.ts';
import { parseFlags } from './parse-flags.ts';

const url = flag.string({ name: 'prometheus-url', default: 'https://localhost', help: '' });
const port = flag.int({ name: 'secure-port', default: 443, from: 0, to: 65535, help: '' });
const verbosity = flag.int({ name: 'v', shorthand: 'v', default: 0, help: '' });
const standalone = flag.bool({ name: 'standalone', shorthand: 's', default: false, help: '' });
const profiling = flag.bool({ name: 'profiling', default: true, help: '' });
const interval = flag.duration({ name: 'relist-interval', default: 600_000, from: 1, help: '' });
const verb = flag.oneOf({ name: 'verb', words: ['GET', 'POST'], default: 'GET', help: '' });
const paths = flag.stringSlice({ name: 'allow-paths', default: ['/healthz'], help: '' });
const qps = flag.float({ name: 'qps', default: 5, help: '' });
const address = flag.ip({ name: 'bind-address', default: '0.0.0.0', help: '' });
const headers = flag.array({
  name: 'header',
  kind: 'name=value',
  default: [],
  parse: (text) => (text.includes('=') ? { value: text } : { expected: 'name=value' }),
  show: () => '…',
  help: '',
});
const gates = flag.map({
  name: 'gates',
  kind: 'name=number',
  default: new Map([['a', 1]]),
  expected: 'name=number, separated by commas',
  parse: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  help: '',
});
const logDir = flag.string({
  name: 'log-dir',
  default: '',
  effect: 'ignored',
  note: 'the log goes to standard error',
  deprecated: 'use --log-file',
  help: '',
});
const caFile = flag.string({
  name: 'ca-file',
  default: '',
  effect: 'ignored',
  note: 'there is no authentication',
  help: '',
});

const FLAGS: readonly Flag<unknown>[] = [
  url,
  port,
  verbosity,
  standalone,
  profiling,
  interval,
  verb,
  paths,
  qps,
  address,
  headers,
  gates,
  logDir,
  caFile,
];

const parse = (...argv: string[]) => parseFlags(FLAGS, argv);

describe('parseFlags', () => {
  it('returns the defaults for an empty command line', () => {
    const flags = parse();
    expect(flags.faults).toEqual([]);
    expect(flags.warnings).toEqual([]);
    expect(FLAGS.map((each) => flags.value(each))).toEqual(
      FLAGS.map(({ defaultValue }) => defaultValue),
    );
    expect(FLAGS.some((each) => flags.isGiven(each))).toBe(false);
  });

  it.each<[string[], number]>([
    [['--v=4'], 4],
    [['--v', '4'], 4],
    [['-v=4'], 4],
    [['-v', '4'], 4],
    [['-v4'], 4],
    [['-v0x10'], 16],
    [['-sv4'], 4],
    [['-sv=4'], 4],
    [['-s', '-v', '4'], 4],
    [['--v=-1'], -1],
    [['--v', '-1'], -1],
    [['--v=1', '-v2', '--v', '3'], 3],
  ])('reads the level of %j', (argv, level) => {
    const flags = parse(...argv);
    expect(flags.faults).toEqual([]);
    expect(flags.value(verbosity)).toBe(level);
    expect(flags.isGiven(verbosity)).toBe(true);
  });

  it.each<[string[], boolean]>([
    [['--standalone'], true],
    [['-s'], true],
    [['--standalone=t'], true],
    [['--standalone=False'], false],
    [['-s=0'], false],
    [['--standalone', '--standalone=false'], false],
    // The word after a bool is no value of it.
    [['--standalone', 'false'], true],
  ])('reads the bool of %j', (argv, value) => {
    const flags = parse(...argv);
    expect(flags.faults).toEqual([]);
    expect(flags.value(standalone)).toBe(value);
  });

  it('turns off a bool that is on by default', () => {
    expect(parse('--profiling=false').value(profiling)).toBe(false);
  });

  it('reads a value that is empty, has equals signs or begins with a dash', () => {
    expect(parse('--prometheus-url=').value(url)).toBe('');
    expect(parse('--prometheus-url', '').value(url)).toBe('');
    expect(parse('--prometheus-url=a=b=c').value(url)).toBe('a=b=c');
    expect(parse('--prometheus-url', '-').value(url)).toBe('-');
    expect(parse('--prometheus-url=--').value(url)).toBe('--');
  });

  it('accepts underscores for dashes in names', () => {
    expect(parse('--secure_port=8443').value(port)).toBe(8443);
    expect(parse('--relist_interval', '1m').value(interval)).toBe(60_000);
  });

  it('joins the values of lists, which replace the default', () => {
    const flags = parse('--allow-paths=/a,/b', '--allow-paths', '"/c,d"');
    expect(flags.value(paths)).toEqual(['/a', '/b', '/c,d']);
    expect(parse('--allow-paths=').value(paths)).toEqual([]);
  });

  it('keeps commas in an array', () => {
    expect(parse('--header=A=1,2', '--header', 'B=').value(headers)).toEqual(['A=1,2', 'B=']);
  });

  it('merges maps, with the last value of each key', () => {
    const flags = parse('--gates=a=2, b=3,', '--gates=b=4');
    expect(flags.value(gates)).toEqual(
      new Map([
        ['a', 2],
        ['b', 4],
      ]),
    );
  });

  it('separates positional arguments', () => {
    const flags = parse('one', '--v=1', '-', 'two', '--', '--v=7', '-x');
    expect(flags.positionals).toEqual(['one', '-', 'two', '--v=7', '-x']);
    expect(flags.value(verbosity)).toBe(1);
  });

  it('reports every fault, in order, and keeps valid values', () => {
    const flags = parse(
      '--promtheus-url=x',
      '--secure-port=x',
      '--secure-port=65536',
      '--secure-port=8443',
      '--verb=get',
      '--relist-interval=10',
      '--relist-interval=-1s',
      '--standalone=yes',
      '--qps=fast',
      '--bind-address=localhost',
      '--allow-paths="a',
      '--gates=a',
      '-x',
      '--===',
      '---v',
      '--prometheus-url',
    );
    expect(flags.faults).toEqual([
      'unknown flag --promtheus-url (did you mean --prometheus-url?)',
      'unknown flag -x',
      '"--===" is not a flag: expected --name or --name=value',
      '"---v" is not a flag: expected --name or --name=value',
      '--prometheus-url needs a value: --prometheus-url=STRING',
      '--secure-port="x": expected an integer from 0 to 65535',
      '--secure-port="65536": expected an integer from 0 to 65535',
      '--verb="get": expected GET or POST',
      '--relist-interval="10": expected a duration such as 30s, 10m or 1h30m',
      '--relist-interval="-1s": expected a duration of at least 1ms',
      '--standalone="yes": expected true or false',
      '--qps="fast": expected a number',
      '--bind-address="localhost": expected an IP address',
      '--allow-paths="\\"a": expected values separated by commas, those with a comma or quote in double quotes',
      '--gates="a": expected name=number, separated by commas',
    ]);
    expect(flags.value(port)).toBe(8443);
    expect(flags.isFaulty(port)).toBe(true);
    expect(flags.value(verb)).toBe('GET');
    expect(flags.value(gates)).toEqual(new Map());
    expect(flags.isFaulty(verbosity)).toBe(false);
  });

  it('suggests the flag for a name with one dash', () => {
    expect(parse('-secure-port=1').faults).toEqual([
      'unknown flag -secure-port (did you mean --secure-port?)',
    ]);
    expect(parse('-secure-prt=1').faults).toEqual([
      'unknown flag -e in "-secure-prt" (did you mean --secure-port?)',
    ]);
  });

  it('does not treat the value of an unknown flag as an argument', () => {
    const flags = parse('--nonsense', 'value', '--v=1');
    expect(flags.faults).toEqual(['unknown flag --nonsense']);
    expect(flags.positionals).toEqual([]);
    expect(flags.value(verbosity)).toBe(1);
  });

  it('warns about a flag taken as a value', () => {
    const flags = parse('--prometheus-url', '--secure-port=1');
    expect(flags.value(url)).toBe('--secure-port=1');
    expect(flags.warnings).toEqual([
      '--prometheus-url has the next argument as its value: "--secure-port=1", which looks like a flag',
    ]);
  });

  it('reports once why a flag has no effect', () => {
    expect(parse('--log_dir=/a', '--ca-file=b', '--log-dir=/c').warnings).toEqual([
      '--log-dir is deprecated: use --log-file',
      '--log-dir has no effect here: the log goes to standard error',
      '--ca-file has no effect here: there is no authentication',
    ]);
  });

  it('keeps secrets and line breaks out of messages', () => {
    expect(parse('--header=s3cret').faults).toEqual(['--header="…": expected name=value']);
    const [fault = ''] = parse('--secure-port=1\n2', '--a\nb').faults;
    expect(fault).not.toContain('\n');
  });

  it('shortens long values in messages', () => {
    const [fault = ''] = parse(`--secure-port=${'9'.repeat(100_000)}`).faults;
    expect(fault.length).toBeLessThan(400);
  });

  it('never throws, and reports all invalid arguments', () => {
    const argument = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      fc.tuple(fc.constantFrom('-', '--', '---', ''), fc.string()).map((parts) => parts.join('')),
      fc
        .tuple(fc.constantFrom(...FLAGS), fc.constantFrom('', '=', '_'), fc.string())
        .map(([each, separator, text]) => `--${each.name}${separator}${text}`),
    );
    fc.assert(
      fc.property(fc.array(argument), (argv) => {
        const flags = parseFlags(FLAGS, argv);
        for (const each of FLAGS) {
          expect(typeof flags.value(each)).toBe(typeof each.defaultValue);
        }
        for (const message of [...flags.faults, ...flags.warnings]) {
          expect(message).not.toMatch(/[\n\r]/);
        }
        expect(flags.value(port)).toBeGreaterThanOrEqual(0);
        expect(flags.value(port)).toBeLessThanOrEqual(65535);
      }),
    );
  });

  it('parses every value in every form', () => {
    const text = fc.string().filter((value) => !value.includes('\0'));
    const values = fc.record({
      url: text,
      port: fc.integer({ min: 0, max: 65535 }),
      interval: fc.integer({ min: 1, max: 10 ** 12 }),
      standalone: fc.boolean(),
      paths: fc.array(
        text.filter((value) => !/[\r\n]/.test(value)),
        { minLength: 1 },
      ),
      isAttached: fc.boolean(),
    });
    fc.assert(
      fc.property(values, (given) => {
        const write = (name: string, value: string) =>
          given.isAttached ? [`--${name}=${value}`] : [`--${name}`, value];
        const flags = parse(
          ...write(url.name, given.url),
          ...write(port.name, String(given.port)),
          ...write(interval.name, formatGoDuration(given.interval)),
          `--standalone=${given.standalone}`,
          ...given.paths.flatMap((path) => write(paths.name, `"${path.replaceAll('"', '""')}"`)),
        );
        expect(flags.faults).toEqual([]);
        expect(flags.positionals).toEqual([]);
        expect(flags.value(url)).toBe(given.url);
        expect(flags.value(port)).toBe(given.port);
        expect(flags.value(interval)).toBe(given.interval);
        expect(flags.value(standalone)).toBe(given.standalone);
        expect(flags.value(paths)).toEqual(given.paths);
      }),
    );
  });
});
