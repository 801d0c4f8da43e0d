import { describe, expect, test } from 'vitest';
import { redact } from './redaction.ts';

describe('redact', () => {
  test('takes every secret out', () => {
    expect(redact('got Bearer abcdefgh, abcdefgh!', ['abcdefgh'])).toBe(
      'got Bearer [redacted], [redacted]!',
    );
  });

  test('lets short texts be', () => {
    expect(redact('tenant a', ['a'])).toBe('tenant a');
  });

  test('makes one line of no more than 1,000 characters', () => {
    expect(redact(' <html>\n\t<b>502</b>\r\n</html>\n', [])).toBe('<html> <b>502</b> </html>');
    expect(redact('x'.repeat(1001), [])).toBe(`${'x'.repeat(1000)}...`);
  });
});
