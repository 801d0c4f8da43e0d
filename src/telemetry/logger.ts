import { createLogger as createWinston, format, transports } from 'winston';
import { type LogEntry, type LogFormat, logLine } from './log-line.ts';
import { toLoggableFields, toLoggableText } from './loggable.ts';

/**
 * What is said about an entry besides its message, by name. Errors are told with their causes, in
 * `error` or any other field; secrets are left out.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The log, as every other room sees it. `error`, `warn` and `info` are always logged: what an
 * operator must know. The rest goes by klog's levels (`--v`):
 *
 * | level | what |
 * | --- | --- |
 * | 2 | summaries of every relist, reload and look-up of the cluster's resources |
 * | 4 | every request to our API; stack traces of errors |
 * | 6 | with each request its queries; every other request to Prometheus and to the Kubernetes API |
 * | 8 | every query as it is sent; sizes of bodies, hits and misses of caches |
 * | 10 | everything else |
 */
export interface Logger {
  /** Something failed that should not; someone should look. */
  error(message: string, fields?: LogFields): void;
  /** Something is not as it should be, and works all the same. */
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  /** Logged where `--v` is at least `level`. */
  verbose(level: number, message: string, fields?: LogFields): void;
  /** Whether {@link verbose} with this level logs: ask before gathering costly fields. */
  enabled(level: number): boolean;
}

export interface LoggerSettings {
  /** klog's level, `--v`. */
  readonly verbosity: number;
  readonly format: LogFormat;
  /** Default: standard error. */
  readonly destination?: NodeJS.WritableStream;
  /** Default: the system's clock. */
  readonly now?: () => Date;
}

export interface ClosableLogger extends Logger {
  /** Writes out what is left; resolves once the destination has taken it. Nothing is logged after. */
  close(): Promise<void>;
}

/** From this level on errors are logged with their stack traces. */
const STACK_TRACES = 4;

/** A log of one line an entry. */
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
    if (closed) {
      return;
    }
    const loggable = toLoggableFields(fields);
    const entry: LogEntry = {
      time: now(),
      level,
      verbosity: at,
      message: toLoggableText(message),
      fields: enabled(STACK_TRACES) ? { ...loggable, ...stackOf(loggable, fields) } : loggable,
    };
    winston.log(level, logLine(settings.format, entry));
  };
  return {
    error: (message, fields = {}) => write('error', 0, message, fields),
    warn: (message, fields = {}) => write('warn', 0, message, fields),
    info: (message, fields = {}) => write('info', 0, message, fields),
    verbose: (level, message, fields = {}) => {
      if (enabled(level)) {
        write('info', level, message, fields);
      }
    },
    enabled,
    close: async () => {
      if (closed) {
        return;
      }
      closed = true;
      const { promise, resolve } = Promise.withResolvers<void>();
      winston.once('finish', resolve);
      winston.end();
      await promise;
      await drained(destination);
    },
  };
}

/** A log that goes nowhere. */
export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  verbose: () => {},
  enabled: () => false,
};

/** The frames of the first field that is an error; its message is told by the field itself. */
function stackOf(fields: LogEntry['fields'], given: LogFields): LogEntry['fields'] {
  const name = Object.keys(fields).find((key) => given[key] instanceof Error);
  const error = name === undefined ? undefined : given[name];
  const frames = error instanceof Error ? (error.stack ?? '').split('\n    at ').slice(1) : [];
  return frames.length === 0 ? {} : { stack: toLoggableText(frames.join('\n')) };
}

/** Resolves when what was written before has been passed on. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
