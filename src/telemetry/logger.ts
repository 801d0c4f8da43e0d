import { createLogger as createWinston, format, transports } from 'winston';
import { type LogEntry, type LogFormat, logLine } from './log-line.ts';
import { toLoggableFields, toLoggableText } from './loggable.ts';

/** The fields of an entry. Errors in any field are logged with their causes. Secrets are redacted. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The log. `error`, `warn` and `info` are always logged. Other entries are logged by the levels of klog
 * (`--v`):
 *
 * | level | entries |
 * | --- | --- |
 * | 2 | a summary of each relist, reload and discovery of cluster resources |
 * | 4 | each API request; stack traces of errors |
 * | 6 | the queries of each API request; other requests to Prometheus and to the Kubernetes API |
 * | 8 | each query when it is sent; sizes of bodies, hits and misses of caches |
 * | 10 | everything else |
 */
export interface Logger {
  /** A failure that needs attention. */
  error(message: string, fields?: LogFields): void;
  /** A problem that does not prevent operation. */
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Logged if `--v` is at least `level`. */
  verbose(level: number, message: string, fields?: LogFields): void;
  /** Whether {@link verbose} logs at this level; to avoid computing fields that are not logged. */
  enabled(level: number): boolean;
}

export interface LoggerSettings {
  /** `--v`. */
  readonly verbosity: number;
  readonly format: LogFormat;
  /** Default: standard error. */
  readonly destination?: NodeJS.WritableStream;
  /** Default: the system's clock. */
  readonly now?: () => Date;
}

export interface ClosableLogger extends Logger {
  /** Flushes the log. Later entries are dropped. */
  close(): Promise<void>;
}

/** The level from which errors have stack traces. */
const STACK_TRACE_LEVEL = 4;

/** Creates a log with one line per entry. */
export function createLogger(settings: LoggerSettings): ClosableLogger {
  const { verbosity, now = () => new Date() } = settings;
  const destination = settings.destination ?? process.stderr;
  const winston = createWinston({
    level: 'info',
    format: format.printf(({ message }) => String(message)),
    transports: [new transports.Stream({ stream: destination })],
  });
  let closed = false;
  const enabled = (level: number) => level <= verbosity;
  const write = (level: LogEntry['level'], at: number, message: string, fields: LogFields) => {
    if (closed) return;
    const loggable = toLoggableFields(fields);
    const entry: LogEntry = {
      time: now(),
      level,
      verbosity: at,
      message: toLoggableText(message),
      fields: enabled(STACK_TRACE_LEVEL) ? { ...loggable, ...stackOf(loggable, fields) } : loggable,
    };
    winston.log(level, logLine(settings.format, entry));
  };
  return {
    error: (message, fields = {}) => write('error', 0, message, fields),
    warn: (message, fields = {}) => write('warn', 0, message, fields),
    info: (message, fields = {}) => write('info', 0, message, fields),
    verbose: (level, message, fields = {}) => {
      if (enabled(level)) write('info', level, message, fields);
    },
    enabled,
    close: async () => {
      if (closed) return;
      closed = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      winston.once('finish', resolve);
      winston.end();
      await promise;
      await drained(destination);
    },
  };
}

/** Discards all entries. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  verbose: () => {},
  enabled: () => false,
};

/** The stack frames of the first field that is an error, without its message. */
function stackOf(fields: LogEntry['fields'], given: LogFields): LogEntry['fields'] {
  const name = Object.keys(fields).find((key) => given[key] instanceof Error);
  const error = name === undefined ? undefined : given[name];
  const frames = error instanceof Error ? (error.stack ?? '').split('\n    at ').slice(1) : [];
  return frames.length === 0 ? {} : { stack: toLoggableText(frames.join('\n')) };
}

/** Resolves when all previous writes have been flushed. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
