import { flag } from '../flag.ts';
import { parseGoInteger } from '../go-literals.ts';

const STANDARD_ERROR =
  'the log is always written to standard error only, which the container runtime collects. Remove the flag';
const ONE_LINE_FORMAT = 'every line of the log has its time and level. Remove the flag';
const NO_SOURCE_FILES = 'log lines have no source files. Use --v instead';

/** The log. */
export const loggingFlags = {
  verbosity: flag.int({
    name: 'v',
    shorthand: 'v',
    kind: 'level',
    default: 0,
    help: 'The log verbosity. 0: events for operators; 2: also each relist; 4: also each request, and stack traces of errors; 6: also the queries of each request, and discovery requests; 8: also each query when it is sent.',
  }),
  format: flag.oneOf({
    name: 'logging-format',
    words: ['text', 'json'],
    default: 'text',
    help: 'text: a message and key="value" pairs per line; json: a JSON object per line.',
  }),
  vmodule: flag.map({
    name: 'vmodule',
    kind: 'pattern=level,...',
    default: new Map<string, number>(),
    expected: 'pattern=level, separated by commas',
    parse: parseGoInteger,
    effect: 'ignored',
    note: NO_SOURCE_FILES,
    help: 'Levels of individual source files.',
  }),
  flushFrequency: flag.duration({
    name: 'log-flush-frequency',
    default: 5_000,
    effect: 'ignored',
    note: 'every line is written immediately. Remove the flag',
    help: 'How often the log is flushed.',
  }),
  logToStderr: flag.bool({
    name: 'logtostderr',
    default: true,
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'Log to standard error instead of files.',
  }),
  alsoLogToStderr: flag.bool({
    name: 'alsologtostderr',
    default: false,
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'Log to standard error as well as files.',
  }),
  stderrThreshold: flag.string({
    name: 'stderrthreshold',
    kind: 'severity',
    default: '',
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'The minimum severity that is logged to standard error.',
  }),
  oneOutput: flag.bool({
    name: 'one-output',
    default: false,
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'Write each line to one file only.',
  }),
  logDir: flag.string({
    name: 'log-dir',
    kind: 'directory',
    default: '',
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'Where log files are written.',
  }),
  logFile: flag.string({
    name: 'log-file',
    kind: 'file',
    default: '',
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'The log file.',
  }),
  logFileMaxSize: flag.int({
    name: 'log-file-max-size',
    default: 1800,
    effect: 'ignored',
    note: STANDARD_ERROR,
    help: 'The maximum size of a log file, in megabytes.',
  }),
  skipHeaders: flag.bool({
    name: 'skip-headers',
    default: false,
    effect: 'ignored',
    note: ONE_LINE_FORMAT,
    help: 'Omit time and level from the lines.',
  }),
  skipLogHeaders: flag.bool({
    name: 'skip-log-headers',
    default: false,
    effect: 'ignored',
    note: ONE_LINE_FORMAT,
    help: 'Begin log files without a header.',
  }),
  addDirHeader: flag.bool({
    name: 'add-dir-header',
    default: false,
    effect: 'ignored',
    note: NO_SOURCE_FILES,
    help: 'Add the directory of the source file to the lines.',
  }),
  backtraceAt: flag.string({
    name: 'log-backtrace-at',
    kind: 'file:line',
    default: '',
    effect: 'ignored',
    note: NO_SOURCE_FILES,
    help: 'Log a stack trace when execution reaches this source line.',
  }),
};
