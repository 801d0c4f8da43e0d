import { describe, expect, test } from 'vitest';
import { redact } from './redaction.ts';

describe('redact', () => {
  test('removes every secret', () => {
    expect(redact('got Bearer abcdefgh, abcdefgh!', ['abcdefgh'])).toBe(
      'got Bearer [redacted], [redacted]!',
    );
  });

  test('keeps short texts', () => {
    expect(redact('tenant a', ['a'])).toBe('tenant a');
  });

  test('returns one line of at most 1,000 characters', () => {
    expect(redact(' <html>\n\t<b>502</b>\r\n</html>\n', [])).toBe('<html> <b>502</b> </html>');
    expect(redact('x'.repeat(1001), [])).toBe(`${'x'.repeat(1000)}...`);
  });
});
