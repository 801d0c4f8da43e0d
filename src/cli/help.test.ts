import { describe, expect, it } from 'vitest';
import { serveHelp } from './help.ts';
import { SERVE_FLAGS } from './serve/serve-flags.ts';

describe('serveHelp', () => {
  const help = serveHelp();

  it('names every flag', () => {
    const missing = SERVE_FLAGS.filter(
      ({ name }) => !new RegExp(`(^|\\s)--${name}(\\s|$)`).test(help),
    );
    expect(missing).toEqual([]);
  });

  it('shows values, defaults and shorthands', () => {
    expect(help).toContain('\n      --metrics-relist-interval duration\n');
    expect(help).toContain('\n  -v, --v level\n');
    expect(help).toContain('(default 10m0s)');
    expect(help).toContain('\nSecure serving flags:\n');
  });

  it('fits into the width of a terminal', () => {
    expect(help.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});
