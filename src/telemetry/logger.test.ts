import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, type Logger, type LoggerSettings, silentLogger } from './logger.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');

/** The lines of the log. */
async function logged(
  settings: Partial<LoggerSettings>,
  use: (logger: Logger) => void,
): Promise<string[]> {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({
    verbosity: 0,
    format: 'text',
    now: () => NOW,
    destination,
    ...settings,
  });
  use(logger);
  await logger.close();
  const text = chunks.join('');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

describe('createLogger', () => {
  it('writes text', async () => {
    const lines = await logged({}, (log) => {
      log.info('serving', { port: 6443, address: '127.0.0.1', apis: ['custom', 'external'] });
      log.warn('old rules', { age: 1.5, 'odd name': true, gone: undefined, none: null });
      log.error('relist failed', { error: new Error('asking', { cause: new Error('timeout') }) });
    });
    expect(lines).toEqual([
      '2026-01-02T03:04:05.678Z INFO serving port=6443 address="127.0.0.1" apis=["custom","external"]',
      '2026-01-02T03:04:05.678Z WARN old rules age=1.5 "odd name"=true none=null',
      '2026-01-02T03:04:05.678Z ERROR relist failed error="asking: timeout"',
    ]);
  });

  it('escapes control characters in JSON without loss', async () => {
    const odd = '\u009b31m \u202e \u2028 \u{e0001} \x7f \x1b[2J';
    const [line = ''] = await logged({ format: 'json' }, (log) => log.info('odd', { odd }));
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(JSON.parse(line)).toMatchObject({ odd });
  });

  it('writes JSON', async () => {
    const lines = await logged({ format: 'json', verbosity: 2 }, (log) => {
      log.verbose(2, 'relisted', { series: 12, msg: 'mine', when: NOW, big: 2n ** 70n });
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        ts: '2026-01-02T03:04:05.678Z',
        level: 'info',
        v: 2,
        msg: 'relisted',
        series: 12,
        msg_: 'mine',
        when: '2026-01-02T03:04:05.678Z',
        big: '1180591620717411303424',
      },
    ]);
  });

  it('logs by level', async () => {
    for (const verbosity of [0, 2, 4, 10]) {
      const levels = [1, 2, 3, 4, 6, 8, 10];
      const lines = await logged({ verbosity }, (log) => {
        for (const level of levels) {
          expect(log.enabled(level)).toBe(level <= verbosity);
          log.verbose(level, `level ${level}`);
        }
        log.info('always');
      });
      expect(lines).toHaveLength(levels.filter((level) => level <= verbosity).length + 1);
    }
  });

  it('logs stack traces from level 4 on', async () => {
    const fail = (log: Logger) => log.error('failed', { error: new Error('why') });
    expect((await logged({ verbosity: 3 }, fail))[0]).not.toContain('stack=');
    const [line = ''] = await logged({ verbosity: 4 }, fail);
    expect(line).toContain('error="why" stack="');
    expect(line).toContain('logger.test.ts');
  });

  it('rounds durations to the millisecond, short ones to three digits', async () => {
    const [line = ''] = await logged({ format: 'json' }, (log) =>
      log.info('asked', {
        durationSeconds: 12.345678,
        queries: [{ durationSeconds: 0.024843996999999944 }, { durationSeconds: 0.1 + 0.2 }],
        lostForSeconds: 1e-7 / 3,
        waitedMs: 1234.5678,
        shortMs: 0.123456,
        never: 1.23456789,
        noSeconds: Number.NaN,
      }),
    );
    expect(JSON.parse(line)).toMatchObject({
      durationSeconds: 12.346,
      queries: [{ durationSeconds: 0.0248 }, { durationSeconds: 0.3 }],
      lostForSeconds: 3.33e-8,
      waitedMs: 1235,
      shortMs: 0.123,
      never: 1.23456789,
      noSeconds: 'NaN',
    });
  });

  it('redacts secrets in all places', async () => {
    const secret = 's3cr3t-value';
    const use = (log: Logger) => {
      log.info(`asking https://me:${secret}@host/ with Bearer ${secret}`, {
        authorization: secret,
        headers: { Authorization: [secret], 'X-Api-Key': secret },
        nested: [new Map([['token', secret]])],
        url: new URL(`https://me:${secret}@host/`),
        error: new Error(`401 for https://me:${secret}@host/`),
        tokenFile: '/var/run/token',
      });
    };
    for (const format of ['text', 'json'] as const) {
      const [line = ''] = await logged({ format, verbosity: 10 }, use);
      expect(line).not.toContain(secret);
      expect(line).toContain('/var/run/token');
    }
  });

  it('accepts values that cannot be serialized', async () => {
    const circular: Record<string, unknown> = { name: 'loop' };
    circular.self = circular;
    const lines = await logged({ format: 'json' }, (log) => {
      log.info('circular', { circular });
      log.info('odd', { number: Number.NaN, symbol: Symbol('s'), date: new Date(Number.NaN) });
      log.info('long', { text: 'x'.repeat(100_000), list: Array.from({ length: 1000 }, () => 1) });
      log.info('bytes', { body: Buffer.from('abc') });
      const broken = Object.defineProperty({}, 'value', {
        enumerable: true,
        get: () => {
          throw new Error('broken');
        },
      });
      log.info('getter', broken);
    });
    const entries = lines.map((line) => JSON.parse(line));
    expect(entries).toHaveLength(5);
    expect(entries[1]).toMatchObject({ number: 'NaN', symbol: 'Symbol(s)', date: 'Invalid Date' });
    expect(lines[2]?.length).toBeLessThan(10_000);
    expect(entries[3]).toMatchObject({ body: '(3 bytes)' });
    expect(entries[4]).toMatchObject({ fields: '(not loggable: broken)' });
  });

  it('writes one line per entry for arbitrary text', async () => {
    const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) });
    await fc.assert(
      fc.asyncProperty(text, text, text, async (message, name, value) => {
        const use = (log: Logger) => log.info(message, { [name]: value });
        const [line = '', ...more] = await logged({ format: 'text' }, use);
        expect(more).toEqual([]);
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        const [json = '', ...rest] = await logged({ format: 'json' }, use);
        expect(rest).toEqual([]);
        expect(JSON.parse(json)).toMatchObject({ level: 'info' });
      }),
    );
  });

  it('prevents forged entries', async () => {
    const forged = 'GET /x\n2026-01-02T03:04:05.678Z ERROR out of memory\u001b[2J';
    expect(await logged({}, (log) => log.info(forged))).toEqual([
      '2026-01-02T03:04:05.678Z INFO GET /x\\n2026-01-02T03:04:05.678Z ERROR out of memory\\u{1b}[2J',
    ]);
  });

  it('logs nothing after close', async () => {
    const lines = await logged({}, (log) => log.info('before'));
    expect(lines).toHaveLength(1);
    const destination = new Writable({ write: (_chunk, _encoding, done) => done() });
    const logger = createLogger({ verbosity: 0, format: 'text', destination });
    await logger.close();
    await logger.close();
    expect(() => logger.error('after')).not.toThrow();
  });
});

describe('silentLogger', () => {
  it('discards all entries', () => {
    silentLogger.error('a');
    silentLogger.warn('a');
    silentLogger.info('a');
    silentLogger.verbose(0, 'a');
    expect(silentLogger.enabled(0)).toBe(false);
  });
});
